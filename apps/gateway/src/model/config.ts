import { z } from 'zod';

const MiB = 1024 * 1024;
const port = z.int().min(0).max(65_535);
const count = z.int().min(1);
const rate = z.number().min(0);
const ms = z.int().min(1).max(3_600_000);

const spillSection = z
  .object({
    dir: z
      .string()
      .default('')
      .describe(
        'Folder of the spill, which one gateway owns at a time. With `/spill/*` it is the first of /spill/1, /spill/2 and so on that is free. When empty, it is `spill` in the data folder if the process owns one; otherwise there is no spill, and what the broker does not take is refused.',
      ),
    bytesMax: count
      .min(16 * MiB)
      .default(4096 * MiB)
      .describe(
        'Bytes that the spill may take on its disk. At the limit, requests are refused with 503 and a time to wait.',
      ),
    indexBytesMax: count
      .min(MiB)
      .default(64 * MiB)
      .describe(
        'Bytes of memory for the index of the spilled messages, each of which needs 20 bytes or more.',
      ),
    ageMaxMs: count
      .default(86_400_000)
      .describe(
        'While the oldest message has waited in the spill for longer than this, in milliseconds, the spill takes no more.',
      ),
    drainSurplusBytesPerSecond: count
      .default(32 * MiB)
      .describe(
        'Bytes per second by which the spill drains to the broker faster than new messages arrive.',
      ),
  })
  .prefault({});

export type SpillConfig = z.output<typeof spillSection>;

/** The `gateway` section of the configuration. */
export const gatewaySection = z.object({
  name: z
    .string()
    .regex(/^[^/]*$/, 'a name without /')
    .max(255)
    .default('')
    .describe(
      'Name of this gateway in the ledger, which no other gateway may have. When empty, it is made from the host name and the process id.',
    ),
  httpHost: z.string().default('127.0.0.1').describe('Address on which OTLP/HTTP is received.'),
  httpPort: port.default(4318).describe('Port on which OTLP/HTTP is received; 0 takes a free one.'),
  grpcHost: z.string().default('127.0.0.1').describe('Address on which OTLP/gRPC is received.'),
  grpcPort: port.default(4317).describe('Port on which OTLP/gRPC is received; 0 takes a free one.'),
  certFile: z
    .string()
    .default('')
    .describe(
      'PEM file of the certificate chain for OTLP over HTTP and gRPC, read again when it changes. When empty, there is no TLS.',
    ),
  keyFile: z
    .string()
    .default('')
    .describe('PEM file of the private key that belongs to the certificate.'),
  keysFile: z
    .string()
    .default('')
    .describe(
      'YAML file of API keys. When empty, there are no keys, and the gateway listens on loopback addresses only.',
    ),
  corsOrigins: z
    .array(z.string())
    .default([])
    .describe(
      'Browser origins that may send over HTTP, such as https://shop.example; `*` allows any.',
    ),
  bodyBytesMax: count
    .max(512 * MiB)
    .default(64 * MiB)
    .describe('Bytes of the largest request body, also after decompression.'),
  jsonBodyBytesMax: count
    .max(512 * MiB)
    .default(16 * MiB)
    .describe(
      'Bytes of the largest JSON body, also after decompression. JSON costs more to read than protobuf.',
    ),
  inflateRatioMax: count
    .default(250)
    .describe('Largest ratio by which a compressed body may grow beyond its first MiB.'),
  recordsPerRequestMax: count
    .max(262_144)
    .default(100_000)
    .describe(
      'Most records of one request. A request may also have no more than 1,000 records and one for each 16 of its bytes.',
    ),
  bodyBytesPerSecondMin: count
    .default(4096)
    .describe(
      'Bytes per second below which a body is refused as too slow, counted after its first two seconds.',
    ),
  answerTimeoutMs: ms
    .default(8000)
    .describe(
      'Milliseconds within which every request is answered, unless its gRPC deadline is earlier.',
    ),
  headersTimeoutMs: ms
    .default(10_000)
    .describe('Milliseconds after which a connection that has not sent its headers is closed.'),
  idleTimeoutMs: ms
    .default(75_000)
    .describe('Milliseconds after which a connection without a request is closed.'),
  connectionAgeMaxMs: z
    .int()
    .min(1000)
    .default(600_000)
    .describe(
      'Age in milliseconds, give or take 10 %, at which a connection is asked to close, so that load spreads over the gateways again.',
    ),
  connectionsMax: count
    .default(4096)
    .describe(
      'Most open connections, for HTTP and for gRPC each. Beyond it the connection that was idle for longest is closed. The limit is lower where the process may not open so many files.',
    ),
  headerBytesMax: count.min(1024).default(16_384).describe('Bytes of the largest request header.'),
  streamsPerConnectionMax: count
    .default(256)
    .describe('Most concurrent gRPC calls of one connection.'),
  recordsPerSecondMax: rate
    .default(0)
    .describe(
      'Records per second that each tenant may send, to all gateways together if `fleet.kind` is redis; 0 means no limit.',
    ),
  recordsBurst: rate
    .default(0)
    .describe('Records that a tenant may send at once; 0 means what it may send in one second.'),
  bytesPerSecondMax: rate
    .default(0)
    .describe(
      'Bytes of request bodies per second, as sent, that each tenant may send, to all gateways together if `fleet.kind` is redis; 0 means no limit.',
    ),
  bytesBurst: rate
    .default(0)
    .describe(
      'Bytes of request bodies that a tenant may send at once; 0 means what it may send in one second.',
    ),
  tenants: z
    .record(
      z.string(),
      z.strictObject({
        recordsPerSecondMax: rate.optional(),
        recordsBurst: rate.optional(),
        bytesPerSecondMax: rate.optional(),
        bytesBurst: rate.optional(),
      }),
    )
    .default({})
    .describe(
      'Quotas of single tenants that differ from the four above, such as `{shop: {recordsPerSecondMax: 9}}`.',
    ),
  inFlightBytesMax: count
    .default(160 * MiB)
    .describe(
      'Bytes of request bodies in flight in the whole process, as they lie in memory. One tenant alone may hold 58 % of them.',
    ),
  signalBytesMax: count
    .default(144 * MiB)
    .describe(
      'Bytes of request bodies in flight for each signal. One tenant alone may hold 58 % of them.',
    ),
  signalRequestsMax: count.default(2048).describe('Most requests in flight for each signal.'),
  tenantSignalBytesMax: count
    .default(96 * MiB)
    .describe('Bytes of request bodies in flight for each signal and tenant.'),
  tenantSignalRequestsMax: count
    .default(1024)
    .describe('Most requests in flight for each signal and tenant.'),
  lingerMs: z
    .int()
    .min(0)
    .max(100)
    .default(2)
    .describe(
      'Milliseconds for which messages are gathered into one publish. An idle gateway does not wait.',
    ),
  batchBytesMax: count
    .default(4 * MiB)
    .describe('Bytes of messages at which a publish starts without waiting.'),
  publishesInFlightMax: count
    .max(64)
    .default(4)
    .describe('Most concurrent publishes to the broker for each signal.'),
  publishTimeoutMs: ms
    .max(60_000)
    .default(3000)
    .describe(
      'Milliseconds after which a message that the broker has not confirmed goes into the spill. Writing it there takes time as well, so keep this well below `gateway.answerTimeoutMs`.',
    ),
  queueBytesMax: count
    .default(96 * MiB)
    .describe(
      'Bytes of messages, for each signal, that wait for the broker or are on their way to it.',
    ),
  spill: spillSection,
  noteIntervalMs: ms
    .default(2000)
    .describe(
      'Milliseconds between the notes by which the gateway records in the ledger what it made durable.',
    ),
  drainDelayMs: z
    .int()
    .min(0)
    .default(0)
    .describe('Milliseconds, at a stop, between reporting not ready and refusing connections.'),
  stopTimeoutMs: ms
    .default(15_000)
    .describe(
      'Milliseconds, at a stop and after the drain delay, for the requests in flight and the last ledger note.',
    ),
});

/** The values of `gatewaySection`. */
export type GatewayConfig = z.output<typeof gatewaySection>;
