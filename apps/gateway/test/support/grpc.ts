import { connect, constants } from 'node:http2';
import {
  type ChannelCredentials,
  Client,
  type ClientOptions,
  compressionAlgorithms,
  credentials,
  Metadata,
  type ServiceError,
} from '@grpc/grpc-js';
import type { Signal } from '@spillway/otlp';
import { onTestFinished } from 'vitest';

const services: Readonly<Record<Signal, string>> = {
  traces: 'opentelemetry.proto.collector.trace.v1.TraceService',
  metrics: 'opentelemetry.proto.collector.metrics.v1.MetricsService',
  logs: 'opentelemetry.proto.collector.logs.v1.LogsService',
};

export interface GrpcAnswer {
  /** 0 when it was taken. */
  code: number;
  message: string;
  /** Of an error: `grpc-status-details-bin`. */
  details: Buffer;
  /** Of a success. */
  body: Buffer;
  ack: string | undefined;
}

export interface GrpcCall {
  signal?: Signal;
  path?: string;
  body: Uint8Array;
  deadlineMs?: number;
  metadata?: Record<string, string>;
}

export const gzip: ClientOptions = {
  'grpc.default_compression_algorithm': compressionAlgorithms.gzip,
};

export function grpcClient(
  address: string,
  { tls, ...options }: ClientOptions & { tls?: ChannelCredentials } = {},
): Client {
  const limits = { 'grpc.max_send_message_length': -1, 'grpc.enable_retries': 0 };
  const channel = tls ?? credentials.createInsecure();
  const client = new Client(address, channel, { ...limits, ...options });
  onTestFinished(() => client.close());
  return client;
}

/** A call through the official client, with the bytes passed on as they are. */
export function call(client: Client, options: GrpcCall): Promise<GrpcAnswer> {
  const { signal = 'traces', body, deadlineMs } = options;
  const path = options.path ?? `/${services[signal]}/Export`;
  const metadata = new Metadata();
  for (const [key, value] of Object.entries(options.metadata ?? {})) metadata.set(key, value);
  const through = (bytes: Buffer): Buffer => bytes;
  const deadline = deadlineMs === undefined ? {} : { deadline: Date.now() + deadlineMs };
  return new Promise((resolve) => {
    let ack: string | undefined;
    const answered = (error: ServiceError | null, bytes?: Buffer): void => {
      const [details] = error?.metadata.get('grpc-status-details-bin') ?? [];
      resolve({
        code: error?.code ?? 0,
        message: error?.details ?? '',
        details: Buffer.from(details ?? ''),
        body: bytes ?? Buffer.alloc(0),
        ack,
      });
    };
    client
      .makeUnaryRequest(path, through, through, Buffer.from(body), metadata, deadline, answered)
      .on('metadata', (answer: Metadata) => {
        ack = answer.get('x-spillway-ack')[0]?.toString();
      });
  });
}

/** A call past the official client, which would not send such a thing. */
export function rawCall(
  address: string,
  options: { headers?: Record<string, string>; sent: Uint8Array; endless?: boolean },
): Promise<Record<string, unknown>> {
  const { headers = {}, sent, endless = false } = options;
  const session = connect(`http://${address}`);
  const { HTTP2_HEADER_METHOD, HTTP2_HEADER_PATH } = constants;
  return new Promise((resolve, reject) => {
    const stream = session.request({
      [HTTP2_HEADER_METHOD]: 'POST',
      [HTTP2_HEADER_PATH]: '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
      'content-type': 'application/grpc',
      te: 'trailers',
      ...headers,
    });
    let answer: Record<string, unknown> = {};
    const merge = (more: object): void => {
      answer = { ...answer, ...more };
    };
    stream.on('response', merge);
    stream.on('trailers', merge);
    stream.on('error', reject);
    stream.on('close', () => session.close(() => resolve(answer)));
    stream.resume();
    stream.write(sent);
    if (!endless) stream.end();
  });
}

export function framed(message: Uint8Array): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}
