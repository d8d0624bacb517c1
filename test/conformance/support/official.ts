/**
 * What a request says, read by others than us: protobuf by protobufjs over the official `.proto`
 * files, JSON by `JSON.parse`. Both give the OTLP/JSON form with exact integers as strings.
 */
import { fileURLToPath } from 'node:url';
import type { Signal } from '@spillway/otlp';
import protobuf from 'protobufjs';
import type { SentRequest } from './tap.ts';

const folder = fileURLToPath(new URL('../../../packages/otlp/proto/', import.meta.url));
const services: Readonly<Record<Signal, string>> = {
  traces: 'trace',
  metrics: 'metrics',
  logs: 'logs',
};

const root = new protobuf.Root();
root.resolvePath = (_origin, target) => `${folder}${target}`;
root.loadSync(
  Object.values(services).map(
    (service) => `opentelemetry/proto/collector/${service}/v1/${service}_service.proto`,
  ),
);

/** Of the OTLP/JSON form; fields that were not sent are absent. */
export type Message = Readonly<Record<string, unknown>>;

export function readRequest({ signal, encoding, body }: SentRequest): Message {
  if (encoding === 'json') return (JSON.parse as SourceParse)(body.toString(), exactIntegers);
  const type = requestType(signal);
  const message = type.toObject(type.decode(body), {
    longs: String,
    bytes: String,
    enums: Number,
    json: true,
  });
  return withHexIds(message) as Message;
}

/** Such a message in protobuf, for bodies that no SDK makes. */
export function writeRequest(signal: Signal, message: Message): Uint8Array {
  const type = requestType(signal);
  return type.encode(type.fromObject(withBase64Ids(message) as Message)).finish();
}

function requestType(signal: Signal): protobuf.Type {
  const service = services[signal];
  const name = `Export${service[0]?.toUpperCase()}${service.slice(1)}ServiceRequest`;
  return root.lookupType(`opentelemetry.proto.collector.${service}.v1.${name}`);
}

/** Node 24 tells a reviver the source text; the types of TypeScript's library do not know yet. */
type SourceParse = (text: string, reviver: typeof exactIntegers) => Message;

/** Integers beyond 2^53 stay as they were written. */
function exactIntegers(_key: string, value: unknown, context: { source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value;
  return /^-?\d+$/.test(context.source ?? '') ? context.source : value;
}

const idKeys = new Set(['traceId', 'spanId', 'parentSpanId']);

function withHexIds(message: unknown): unknown {
  return mapIds(message, (id) => Buffer.from(id, 'base64').toString('hex'));
}

function withBase64Ids(message: unknown): unknown {
  return mapIds(message, (id) => Buffer.from(id, 'hex').toString('base64'));
}

function mapIds(value: unknown, change: (id: string) => string): unknown {
  if (Array.isArray(value)) return value.map((item) => mapIds(item, change));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, inner]) => {
    return [key, idKeys.has(key) ? change(String(inner)) : mapIds(inner, change)];
  });
  return Object.fromEntries(entries);
}
