import {
  type AppliedMessage,
  isInPart,
  type MessageRange,
  type MinuteRange,
  type RowCount,
} from '@spillway/ledger';
import { signals } from '@spillway/otlp';
import type { Bucket, CompositeBucket, Query, Reader } from '../read/reader.ts';
import type { IndexFound } from './indices.ts';

const pageSize = 5_000;

/**
 * Reads the applied messages in the order in which they were first applied. Everything applied
 * before the call is there.
 */
export async function readApplied(reader: Reader, range: MessageRange): Promise<AppliedMessage[]> {
  await reader.refresh('account');
  const { part, limit = Number.POSITIVE_INFINITY } = range;
  const applied: AppliedMessage[] = [];
  const query = { bool: { filter: [...inMinutes(range), { term: { entry: 'message' } }] } };
  const body = { query, sort: [{ order: 'asc' as const }], _source: ['applied'] };
  for await (const hits of reader.scan('account', body, pageSize)) {
    for (const { _source } of hits) {
      const message = _source?.applied as AppliedMessage;
      if (isInPart(message.id.sequence, part)) applied.push(message);
      if (applied.length >= limit) return applied;
    }
  }
  return applied;
}

/**
 * Counted in the documents at each call. What was noted of an index that is still there, because
 * a process ended between the note and the drop, is in its documents.
 */
export async function countRows(
  reader: Reader,
  range: MinuteRange,
  indices: readonly IndexFound[],
): Promise<RowCount[]> {
  await reader.refresh('*');
  const counts = new RowCounts();
  for (const signal of signals) {
    const present = { filter: { range: { '@timestamp': { gte: reader.horizonMs } } } };
    const pages = reader.composite(signal, inMinutes(range), {
      sources: placeSources(['tenant', 'minute']),
      aggs: { present },
    });
    for await (const page of pages) {
      for (const bucket of page) {
        const rows = (bucket.present as Bucket).doc_count;
        counts.add({ ...placeOf(bucket), signal, rows, retired: bucket.doc_count - rows });
      }
    }
  }
  const isCounted = { terms: { source: indices.map(({ uuid }) => uuid) } };
  const isNoted = { bool: { filter: [{ term: { entry: 'retired' } }], must_not: [isCounted] } };
  const filter = [...inMinutes(range), isNoted];
  const pages = reader.composite('account', filter, {
    sources: placeSources(['tenant', 'minute', 'signal']),
    aggs: { retired: { sum: { field: 'retired' } } },
  });
  for await (const page of pages) {
    for (const bucket of page) {
      const signal = bucket.key.signal as RowCount['signal'];
      const { value } = bucket.retired as { value: number };
      counts.add({ ...placeOf(bucket), signal, rows: 0, retired: value });
    }
  }
  return counts.all();
}

export function placeSources(fields: readonly string[]) {
  return fields.map((field) => ({ [field]: { terms: { field } } }));
}

export function placeOf({ key }: CompositeBucket): { tenant: string; minute: number } {
  return { tenant: key.tenant as string, minute: key.minute as number };
}

function inMinutes({ fromMinute, toMinute, tenant }: MinuteRange): Query[] {
  const filter: Query[] = [{ range: { minute: { gte: fromMinute, lt: toMinute } } }];
  return tenant === undefined ? filter : [...filter, { term: { tenant } }];
}

class RowCounts {
  readonly #byPlace = new Map<string, RowCount>();

  add(count: RowCount): void {
    const name = JSON.stringify([count.minute, count.tenant, count.signal]);
    const sum = this.#byPlace.get(name);
    if (sum) {
      sum.rows += count.rows;
      sum.retired += count.retired;
    } else this.#byPlace.set(name, count);
  }

  all(): RowCount[] {
    return [...this.#byPlace.values()].sort(
      (a, b) => a.minute - b.minute || (a.tenant < b.tenant ? -1 : 1),
    );
  }
}
