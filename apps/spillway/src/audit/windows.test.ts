import { ObservationTable } from '@spillway/ledger';
import { expect, it } from 'vitest';
import type { Log } from './read-log.ts';
import { afterLastMinute, windowsOf } from './windows.ts';

const nextMinute = 1_000;
const log = {
  unreadNotes: [],
  notesInQueue: 0,
  deadLetters: [],
  resubmitted: [],
  expiredKept: new Map(),
  spills: [],
  waiting: new Map(),
  lags: new Map(),
} as Log;

function storeOf(noted: number[], rows: number[]): Parameters<typeof afterLastMinute>[0] {
  const known =
    <T>(minutes: number[], rest: T) =>
    async (range: { fromMinute: number; toMinute: number }) =>
      minutes
        .filter((minute) => minute >= range.fromMinute && minute < range.toMinute)
        .map((minute) => ({ minute, ...rest }));
  const row = { tenant: 'a', signal: 'logs' as const, rows: 1, retired: 0 };
  return { notes: { notedCounts: known(noted, { messages: 1 }), rowCounts: known(rows, row) } };
}

it('an audit ends with this minute where nothing is dated ahead', async () => {
  const parts = storeOf([1, 999], [999]);
  expect(await afterLastMinute(parts, log, { nextMinute, tenant: undefined })).toBe(nextMinute);
});

it.each([
  ['what was noted', storeOf([1_500], []), log],
  ['what has rows', storeOf([], [1_500]), log],
  ['what waits', storeOf([], []), { ...log, waiting: new Map([['writer', waitingAt(1_500)]]) }],
])('after the clock stepped back, it reaches over %s', async (_, parts, known) => {
  expect(await afterLastMinute(parts, known, { nextMinute, tenant: undefined })).toBe(1_501);
});

it('a date that no clock can have had is not walked to', async () => {
  const parts = storeOf([nextMinute + 100 * 366 * 24 * 60], []);
  expect(await afterLastMinute(parts, log, { nextMinute, tenant: undefined })).toBe(nextMinute);
});

it('the gap that the clock left is one window', () => {
  const range = { fromMinute: 0, toMinute: 5_000_000, tenant: undefined };
  const counts = [{ minute: 4_999_999, messages: 20_000 }];
  expect([...windowsOf(range, counts, { minutesMax: Number.POSITIVE_INFINITY })]).toHaveLength(1);
  expect([...windowsOf(range, counts)].length).toBeGreaterThan(3_000);
});

function waitingAt(minute: number): ObservationTable {
  const table = new ObservationTable();
  const source = { gateway: 'gw', epoch: 1, topic: 'otlp_logs', partition: 0 };
  table.push({ id: { ...source, sequence: 1 }, tenant: 'a', signal: 'logs', minute, records: 1 });
  return table;
}
