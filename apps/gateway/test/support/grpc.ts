import {
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

export function grpcClient(address: string, options: ClientOptions = {}): Client {
  const limits = { 'grpc.max_send_message_length': -1, 'grpc.enable_retries': 0 };
  const client = new Client(address, credentials.createInsecure(), { ...limits, ...options });
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
