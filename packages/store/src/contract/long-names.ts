import type { LogRecord, SpanRecord, TelemetryRecord } from '@spillway/otlp';
import { describe, expect, test } from 'vitest';
import { cutMark, type LogView, type SpanView } from '../search/views.ts';
import type { DecodedMessage, MessageOutcome } from '../sink.ts';
import { type SearchStoreUnderTest, testRange } from './search/harness.ts';
import { longNamedRecords } from './test-long-names.ts';
import { TestRecords } from './test-records.ts';
import { expectedLog, expectedSpan } from './views.ts';
import {
  collect,
  everyMinute,
  freshRecords,
  statuses,
  type WriteStoreUnderTest,
} from './write/harness.ts';

const places = Object.keys(longNamedRecords(new TestRecords()));

/** Any text may be of any length: no index, column or statement of a store may depend on it. */
export function describeWriteLongNames({ store }: WriteStoreUnderTest): void {
  describe('a text of 1 MB', () => {
    test.each(places)('as %s is stored whole, or refused alone and for good', async (place) => {
      const records = freshRecords();
      const message = messageOf(records, place);
      const outcomes = await store().apply([message]);
      expectStoredOrRefused(outcomes);
      const range = { ...everyMinute, tenant: records.tenant, signal: message.signal };
      const [back] = await collect(store(), range);
      const kept = message.records.filter((_, i) => outcomes[0]?.records[i]?.status === 'stored');
      expect(back?.records.length).toBe(kept.length);
      for (const [i, record] of kept.entries())
        expect(isEqual(back?.records[i], record)).toBe(true);
      expect(await store().apply([message])).toEqual(outcomes);
    });
  });
}

export function describeSearchLongNames({ reader, apply }: SearchStoreUnderTest): void {
  describe('a text of 1 MB', () => {
    test('in every place is stored whole, or refused alone and for good', async () => {
      const records = new TestRecords();
      const batch = places.map((place) => messageOf(records, place));
      const outcomes = await apply(...batch);
      for (const outcome of outcomes) expectStoredOrRefused([outcome]);
      expect(await apply(...batch)).toEqual(outcomes);
      const stored = batch.flatMap((message, i) =>
        message.records.filter((_, at) => outcomes[i]?.records[at]?.status === 'stored'),
      );
      for (const span of stored.filter(isSpan)) {
        const trace = await reader().trace('acme', span.traceId);
        expect(trace?.spans.map((each) => isWhole(each, expectedSpan(span)))).toEqual([true]);
      }
      for (const log of stored.filter(isLog)) {
        const { items } = await reader().findLogs({ ...testRange, traceId: log.traceId });
        expect(items.map((each) => isWhole(each, expectedLog(log)))).toEqual([true]);
      }
    });
  });
}

/** But for what records share, where that has the mark of what is cut. */
function isWhole<T extends SpanView | LogView>(view: T, expected: T): boolean {
  const shared = [view.resource, view.scope];
  const isCut = shared.some(({ attributes }) => attributes.some(({ key }) => key === cutMark));
  if (!isCut) return isEqual(view, expected);
  expect(JSON.stringify(shared).length).toBeLessThan(50_000);
  const { resource, scope, service } = expected;
  return isEqual({ ...view, resource, scope, service }, expected);
}

/** One such record between two ordinary ones. */
function messageOf(records: TestRecords, place: string): DecodedMessage {
  const record = longNamedRecords(records)[place] as TelemetryRecord;
  const { signal } = record;
  const ordinary = () =>
    signal === 'traces' ? records.span() : signal === 'logs' ? records.log() : records.point();
  return records.message([ordinary(), record, ordinary()]);
}

function expectStoredOrRefused([outcome]: readonly MessageOutcome[]): void {
  const [before, long, after] = statuses(outcome);
  expect([before, after]).toEqual(['stored', 'stored']);
  expect(['stored', 'deadLetter']).toContain(long);
  const refused = outcome?.records[1];
  if (refused?.status !== 'deadLetter') return;
  expect(refused.code).toMatch(/./);
  // A dead letter names the cause, and is not as long as what it stands for.
  expect(refused.reason.length).toBeGreaterThan(20);
  expect(refused.reason.length).toBeLessThan(2_000);
}

/** Not by `toEqual`, whose message would hold megabytes. */
function isEqual(got: unknown, wanted: unknown): boolean {
  return jsonOf(got) === jsonOf(wanted);
}

function jsonOf(value: unknown): string {
  return JSON.stringify(value, (_, part) => (typeof part === 'bigint' ? `${part}n` : sorted(part)));
}

function sorted(part: unknown): unknown {
  if (part === null || typeof part !== 'object' || Array.isArray(part)) return part;
  return Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function isSpan(record: TelemetryRecord): record is SpanRecord {
  return record.signal === 'traces';
}

function isLog(record: TelemetryRecord): record is LogRecord {
  return record.signal === 'logs';
}
