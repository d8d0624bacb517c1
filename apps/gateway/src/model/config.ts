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
        'Folder of the spill, one owner at a time; `/spill/*`: the first of /spill/1, /spill/2 … ' +
          'that is free; empty: `spill` in the data folder where the ' +
          'process owns it, else no spill: what the broker does not take is refused.',
      ),
    bytesMax: count
      .min(16 * MiB)
      .default(4096 * MiB)
      .describe('Bytes the spill may take on its disk; beyond it senders are told when to return.'),
    indexBytesMax: count
      .min(MiB)
      .default(64 * MiB)
      .describe('Memory for what is known of its messages, 20 bytes or more each.'),
    ageMaxMs: count
      .default(86_400_000)
      .describe('While the oldest message waits longer than this, no more are taken.'),
    drainSurplusBytesPerSecond: count
      .default(32 * MiB)
      .describe('The spill goes to the broker at the rate of arrival plus this.'),
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
      'Its name in the ledger, unlike any other gateway; empty: made from host and process.',
    ),
  httpHost: z.string().default('127.0.0.1').describe('Address of the OTLP/HTTP door.'),
  httpPort: port.default(4318).describe('Port of the OTLP/HTTP door; 0 takes a free one.'),
  grpcHost: z.string().default('127.0.0.1').describe('Address of the OTLP/gRPC door.'),
  grpcPort: port.default(4317).describe('Port of the OTLP/gRPC door; 0 takes a free one.'),
  certFile: z
    .string()
    .default('')
    .describe('PEM certificate chain of both doors; empty: no TLS. Followed when it changes.'),
  keyFile: z.string().default('').describe('PEM private key of the certificate.'),
  keysFile: z
    .string()
    .default('')
    .describe('YAML file of API keys; empty: no keys, on loopback addresses only.'),
  corsOrigins: z
    .array(z.string())
    .default([])
    .describe('Browser origins that may send over HTTP, e.g. https://shop.example; `*` for any.'),
  bodyBytesMax: count
    .max(512 * MiB)
    .default(64 * MiB)
    .describe('Largest request body, also after decompression.'),
  jsonBodyBytesMax: count
    .max(512 * MiB)
    .default(16 * MiB)
    .describe('Largest JSON body, also after decompression: JSON costs more to read.'),
  inflateRatioMax: count
    .default(250)
    .describe('Largest growth of a compressed body beyond its first MiB.'),
  recordsPerRequestMax: count
    .max(262_144)
    .default(100_000)
    .describe(
      'Most records of one request; and it may have no more than 1,000 and one for each 16 of its bytes.',
    ),
  bodyBytesPerSecondMin: count
    .default(4096)
    .describe('A body that comes more slowly than this, after two seconds, is refused.'),
  answerTimeoutMs: ms
    .default(8000)
    .describe('Every request is answered within this time of its start, or its gRPC deadline.'),
  headersTimeoutMs: ms
    .default(10_000)
    .describe('A connection that has not sent its headers by then is cut.'),
  idleTimeoutMs: ms.default(75_000).describe('A connection without a request is closed after it.'),
  connectionAgeMaxMs: z
    .int()
    .min(1000)
    .default(600_000)
    .describe('A connection is asked to close at this age (±10 %), so that load spreads anew.'),
  connectionsMax: count
    .default(4096)
    .describe(
      'Open connections per door; beyond it the one that was idle for longest is closed. Less where the process may not open so many files.',
    ),
  headerBytesMax: count.min(1024).default(16_384).describe('Largest request header.'),
  streamsPerConnectionMax: count.default(256).describe('Concurrent gRPC calls per connection.'),
  recordsPerSecondMax: rate
    .default(0)
    .describe(
      'Records per second and tenant, of all gateways together if fleet.kind is redis; 0: no limit.',
    ),
  recordsBurst: rate
    .default(0)
    .describe('Records a tenant may send at once; 0: one second of its rate.'),
  bytesPerSecondMax: rate
    .default(0)
    .describe('Body bytes as sent per second and tenant, likewise; 0: no limit.'),
  bytesBurst: rate
    .default(0)
    .describe('Body bytes a tenant may send at once; 0: one second of its rate.'),
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
      'Quotas of tenants that differ from those above: `{shop: {recordsPerSecondMax: 9}}`.',
    ),
  inFlightBytesMax: count
    .default(160 * MiB)
    .describe(
      'Body bytes in flight in the whole process, as they lie in memory; one tenant alone may hold 58 % of them.',
    ),
  signalBytesMax: count
    .default(144 * MiB)
    .describe('Body bytes in flight per signal; one tenant alone may hold 58 % of them.'),
  signalRequestsMax: count.default(2048).describe('Requests in flight per signal.'),
  tenantSignalBytesMax: count
    .default(96 * MiB)
    .describe('Body bytes in flight per signal and tenant.'),
  tenantSignalRequestsMax: count
    .default(1024)
    .describe('Requests in flight per signal and tenant.'),
  lingerMs: z
    .int()
    .min(0)
    .max(100)
    .default(2)
    .describe('Messages are gathered this long into one publish; an idle gateway does not wait.'),
  batchBytesMax: count
    .default(4 * MiB)
    .describe('A publish is started at this size without waiting.'),
  publishesInFlightMax: count
    .max(64)
    .default(4)
    .describe('Concurrent publishes to the broker per signal.'),
  publishTimeoutMs: ms
    .max(60_000)
    .default(3000)
    .describe(
      'What the broker does not confirm by then goes into the spill, which needs time, too: ' +
        'well below answerTimeoutMs.',
    ),
  queueBytesMax: count
    .default(96 * MiB)
    .describe('Bytes per signal that wait for the broker or are on their way to it.'),
  spill: spillSection,
  noteIntervalMs: ms
    .default(2000)
    .describe('How often the gateway notes in the ledger what it made durable.'),
  drainDelayMs: z
    .int()
    .min(0)
    .default(0)
    .describe('At stop: time between not being ready and closing the doors.'),
  stopTimeoutMs: ms
    .default(15_000)
    .describe('At stop: time for requests in flight and the last note, after the drain delay.'),
});

export type GatewayConfig = z.output<typeof gatewaySection>;
