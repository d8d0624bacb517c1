/** Records as a request: what a sender sends, and what a test compares. */

import { recordsLieIn } from '../layout.ts';
import type { Metric, MetricPoint, Resource, Scope, TelemetryRecord } from '../records.ts';
import type { Signal } from '../signal.ts';
import { unreachable } from '../signal.ts';
import { Writer } from '../writer.ts';
import { writeAttributes } from './encode-common.ts';
import { writeLogRecord } from './encode-log.ts';
import { writeMetric } from './encode-metric.ts';
import { writeSpan } from './encode-span.ts';

/** Same hash, or the same object where the hash is ''. */
type Identity = string | object;

interface ScopeGroup {
  scope: Scope;
  records: TelemetryRecord[];
}

interface ResourceGroup {
  resource: Resource;
  scopes: Map<Identity, ScopeGroup>;
}

/**
 * The records, all of `signal`, as an `Export<Signal>ServiceRequest`, under their resources and
 * scopes (distinguished by `hash`, or by identity where it is '') and metrics (by identity), in the
 * order in which each is met. Decoding gives equal records, with other keys and hashes: those
 * depend on bytes, and these bytes are new.
 */
export function encodeRequest(signal: Signal, records: readonly TelemetryRecord[]): Uint8Array {
  const writer = new Writer();
  for (const { resource, scopes } of groups(records)) {
    const mark = writer.open(1);
    const inner = writer.open(1);
    writeAttributes(writer, 1, resource.attributes);
    writer.uint32Field(2, resource.droppedAttributesCount);
    writer.close(inner);
    for (const group of scopes.values()) writeScopeGroup(writer, signal, group);
    writer.stringField(3, resource.schemaUrl);
    writer.close(mark);
  }
  return writer.finish();
}

function writeScopeGroup(writer: Writer, signal: Signal, { scope, records }: ScopeGroup): void {
  const mark = writer.open(2);
  const inner = writer.open(1);
  writer.stringField(1, scope.name);
  writer.stringField(2, scope.version);
  writeAttributes(writer, 3, scope.attributes);
  writer.uint32Field(4, scope.droppedAttributesCount);
  writer.close(inner);
  if (recordsLieIn[signal] === 'metric') writeMetrics(writer, records as MetricPoint[]);
  else for (const record of records) writeRecord(writer, record);
  writer.stringField(3, scope.schemaUrl);
  writer.close(mark);
}

function writeRecord(writer: Writer, record: TelemetryRecord): void {
  const mark = writer.open(2);
  switch (record.signal) {
    case 'traces':
      writeSpan(writer, record);
      break;
    case 'logs':
      writeLogRecord(writer, record);
      break;
    case 'metrics':
      throw new TypeError('The points of a metric are written together');
    default:
      unreachable(record);
  }
  writer.close(mark);
}

function writeMetrics(writer: Writer, points: MetricPoint[]): void {
  const byMetric = new Map<Metric, MetricPoint[]>();
  for (const point of points) entryOf(byMetric, point.metric, () => []).push(point);
  for (const [metric, itsPoints] of byMetric) {
    const mark = writer.open(2);
    writeMetric(writer, metric, itsPoints);
    writer.close(mark);
  }
}

function groups(records: readonly TelemetryRecord[]): Iterable<ResourceGroup> {
  const byResource = new Map<Identity, ResourceGroup>();
  for (const record of records) {
    const { resource, scope } = record;
    const { scopes } = entryOf(byResource, resource.hash || resource, () => {
      return { resource, scopes: new Map() };
    });
    entryOf(scopes, scope.hash || scope, () => ({ scope, records: [] })).records.push(record);
  }
  return byResource.values();
}

function entryOf<K, V>(map: Map<K, V>, key: K, create: () => V): V {
  let entry = map.get(key);
  if (entry === undefined) {
    entry = create();
    map.set(key, entry);
  }
  return entry;
}
