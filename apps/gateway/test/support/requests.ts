import { createHash } from 'node:crypto';
import { jsonToProtobuf, type Signal } from '@spillway/otlp';

/** A hex id that depends on nothing but the name. */
function idOf(name: string, bytes: 8 | 16): string {
  return createHash('sha256')
    .update(name)
    .digest('hex')
    .slice(0, bytes * 2);
}

export interface Shape {
  records?: number;
  /** Records of one trace (or resource) each. */
  groups?: number;
  /** Part of every id, so that requests differ. */
  name?: string;
  /** Characters of filling per record. */
  padding?: number;
}

/** OTLP/JSON with `records` records over `groups` traces, or resources for logs and metrics. */
export function jsonRequest(signal: Signal, shape: Shape = {}): Buffer {
  const { records = 1, groups = 1, name = 'r', padding = 0 } = shape;
  const pad = 'x'.repeat(padding);
  const grouped = Array.from({ length: groups }, (_, group) =>
    Array.from({ length: records }, (_, i) => i)
      .filter((i) => i % groups === group)
      .map((i) => record(signal, `${name}-${group}`, `${name}-${i}${pad}`)),
  );
  const body = grouped.map((own, group) => request(signal, `${name}-${group}`, own));
  const key = { traces: 'resourceSpans', metrics: 'resourceMetrics', logs: 'resourceLogs' }[signal];
  return Buffer.from(JSON.stringify({ [key]: body }));
}

export function protobufRequest(signal: Signal, shape: Shape = {}): Buffer {
  return Buffer.from(jsonToProtobuf(signal, jsonRequest(signal, shape)));
}

function request(signal: Signal, service: string, records: object[]): object {
  const attributes = [{ key: 'service.name', value: { stringValue: service } }];
  const resource = { attributes };
  if (signal === 'traces') return { resource, scopeSpans: [{ spans: records }] };
  if (signal === 'logs') return { resource, scopeLogs: [{ logRecords: records }] };
  return { resource, scopeMetrics: [{ metrics: records }] };
}

function record(signal: Signal, group: string, name: string): object {
  if (signal === 'logs') return { timeUnixNano: '1', body: { stringValue: name } };
  if (signal === 'metrics') {
    return { name, gauge: { dataPoints: [{ timeUnixNano: '1', asInt: '1' }] } };
  }
  return { traceId: idOf(group, 16), spanId: idOf(name, 8), name };
}
