import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect as connectHttp2,
} from 'node:http2';
import { connect, type Socket } from 'node:net';
import type { Target } from './target.ts';

export const signals = ['traces', 'logs', 'metrics'] as const;
export type Signal = (typeof signals)[number];

const services: Record<Signal, string> = {
  traces: 'trace.v1.TraceService',
  logs: 'logs.v1.LogsService',
  metrics: 'metrics.v1.MetricsService',
};

export const exportPath = (signal: Signal): string =>
  `/opentelemetry.proto.collector.${services[signal]}/Export`;

export const healthCheckPath = '/grpc.health.v1.Health/Check';

/** A bare connection to a door, the HTTP door by default; its errors are nobody's. */
export function openSocket({ addresses }: Target, url = addresses.otlpHttp): Socket {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port) });
  socket.on('error', () => undefined);
  return socket;
}

/** The head of a request as the hostile tenant, which `more` ends. */
export function head({ evilKey }: Target, signal: Signal, ...more: string[]): string {
  return [
    `POST /v1/${signal} HTTP/1.1`,
    'host: x',
    `authorization: Bearer ${evilKey}`,
    'content-type: application/x-protobuf',
    ...more,
    '\r\n',
  ].join('\r\n');
}

/** As much as it takes, for as long as it is open. */
export function pour(socket: Socket, bytes: string | Uint8Array): void {
  const more = (): void => {
    while (!socket.destroyed && socket.write(bytes));
  };
  socket.on('drain', more);
  more();
}

export function openSession({ addresses }: Target): ClientHttp2Session {
  const session = connectHttp2(`http://${addresses.otlpGrpc}`);
  session.on('error', () => undefined);
  return session;
}

/** A call as the hostile tenant, left open. */
export function openCall(
  { evilKey }: Target,
  session: ClientHttp2Session,
  path: string,
  headers: Readonly<Record<string, string>> = {},
): ClientHttp2Stream {
  const stream = session.request({
    ':method': 'POST',
    ':path': path,
    'content-type': 'application/grpc',
    te: 'trailers',
    authorization: `Bearer ${evilKey}`,
    ...headers,
  });
  stream.on('error', () => undefined);
  stream.resume();
  return stream;
}

/** The five bytes that announce a gRPC message. */
export function announce(bytes: number): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(bytes, 1);
  return prefix;
}
