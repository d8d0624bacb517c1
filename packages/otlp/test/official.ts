/** The independent library: protobufjs by reflection over the official `.proto` files. */
import { fileURLToPath } from 'node:url';
import type { Signal } from '@spillway/otlp';
import protobuf from 'protobufjs';

const folder = fileURLToPath(new URL('../proto/', import.meta.url));
const root = new protobuf.Root();
root.resolvePath = (_origin, target) => `${folder}${target}`;
root.loadSync(
  ['trace', 'metrics', 'logs'].map(
    (signal) => `opentelemetry/proto/collector/${signal}/v1/${signal}_service.proto`,
  ),
  { keepCase: false },
);
root.resolveAll();

export const requestType: Readonly<Record<Signal, protobuf.Type>> = {
  traces: typeOf('collector.trace.v1.ExportTraceServiceRequest'),
  metrics: typeOf('collector.metrics.v1.ExportMetricsServiceRequest'),
  logs: typeOf('collector.logs.v1.ExportLogsServiceRequest'),
};

export function typeOf(name: string): protobuf.Type {
  return root.lookupType(`opentelemetry.proto.${name}`);
}

export function encodeOfficial(signal: Signal, message: object): Uint8Array {
  const type = requestType[signal];
  return type.encode(type.fromObject(message)).finish();
}

/** Plain objects: 64-bit integers as decimal strings, bytes as base64, enums as numbers. */
export function decodeOfficial(signal: Signal, bytes: Uint8Array): Record<string, unknown> {
  const type = requestType[signal];
  return type.toObject(type.decode(bytes), { longs: String, bytes: String, enums: Number });
}

export function decodeResponse(signal: Signal, bytes: Uint8Array): Record<string, unknown> {
  const name = { traces: 'Trace', metrics: 'Metrics', logs: 'Logs' }[signal];
  const folder = { traces: 'trace', metrics: 'metrics', logs: 'logs' }[signal];
  const type = typeOf(`collector.${folder}.v1.Export${name}ServiceResponse`);
  return type.toObject(type.decode(bytes), { longs: String });
}
