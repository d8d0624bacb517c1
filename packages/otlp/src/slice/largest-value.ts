/** Says what makes a record large. */

import { RequestReader } from '../decode/request-reader.ts';
import { OtlpError } from '../errors.ts';
import type { AnyValue, KeyValue, TelemetryRecord } from '../records.ts';
import { type Signal, unreachable } from '../signal.ts';

/** The largest value of a record, to name it in a refusal. */
export interface LargestValue {
  /** Name of the record's service; `unknown_service` where it cannot be read. */
  service: string;
  /** E.g. `attribute "http.body"`, `body`, `resource attribute "env"`. */
  name: string;
  /** About so many bytes of the message. */
  bytes: number;
}

/**
 * Finds the largest value of the first record of `message`; undefined when nothing of it can be
 * read.
 */
export function largestValue(signal: Signal, message: Uint8Array): LargestValue | undefined {
  const record = firstRecord(signal, message);
  if (!record) return undefined;
  let largest: LargestValue | undefined;
  for (const [name, bytes] of valuesOf(record)) {
    if (!largest || bytes > largest.bytes)
      largest = { service: record.resource.service, name, bytes };
  }
  return largest;
}

function firstRecord(signal: Signal, message: Uint8Array): TelemetryRecord | undefined {
  try {
    const reader = new RequestReader(signal, message, { tenant: '' });
    return reader.next({ recordsMax: 1, bytesMax: Number.POSITIVE_INFINITY }).records[0];
  } catch (error) {
    if (error instanceof OtlpError) return undefined;
    throw error;
  }
}

type Named = [name: string, bytes: number];

function* valuesOf(record: TelemetryRecord): Generator<Named> {
  yield* attributesOf('attribute', record.attributes);
  yield* attributesOf('resource attribute', record.resource.attributes);
  yield* attributesOf('scope attribute', record.scope.attributes);
  switch (record.signal) {
    case 'logs':
      if (record.body) yield ['body', sizeOf(record.body)];
      break;
    case 'traces':
      yield ['name', Buffer.byteLength(record.name)];
      yield ['status message', Buffer.byteLength(record.statusMessage)];
      yield ['all events', sumOfAll(record.events)];
      yield ['all links', sumOfAll(record.links)];
      break;
    case 'metrics':
      yield ['metric metadata', sumOf(record.metric.metadata)];
      yield ['metric name', Buffer.byteLength(record.metric.name)];
      yield ['description', Buffer.byteLength(record.metric.description)];
      yield ['buckets', 8 * (record.bucketCounts?.length ?? 0)];
      yield ['exemplars', record.exemplars.length * 40];
      break;
    default:
      unreachable(record);
  }
}

function sumOfAll(entries: readonly { attributes: readonly KeyValue[] }[]): number {
  return entries.reduce((sum, { attributes }) => sum + 32 + sumOf(attributes), 0);
}

function* attributesOf(kind: string, attributes: readonly KeyValue[]): Generator<Named> {
  for (const { key, value } of attributes) {
    yield [`${kind} "${key}"`, Buffer.byteLength(key) + sizeOf(value)];
  }
}

function sumOf(values: readonly KeyValue[]): number {
  return values.reduce((sum, { key, value }) => sum + Buffer.byteLength(key) + sizeOf(value), 0);
}

function sizeOf(value: AnyValue): number {
  const { stringValue, bytesValue, arrayValue, kvlistValue } = value;
  if (stringValue !== undefined) return Buffer.byteLength(stringValue);
  if (bytesValue !== undefined) return Buffer.byteLength(bytesValue, 'base64');
  if (arrayValue) return arrayValue.values.reduce((sum, each) => sum + sizeOf(each), 0);
  return kvlistValue ? sumOf(kvlistValue.values) : 8;
}
