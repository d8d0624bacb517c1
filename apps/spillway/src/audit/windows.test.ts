import { expect, it } from 'vitest';
import { afterLastMinute, windowsOf } from './windows.ts';

const nextMinute = 1_000;
const nothing = { lastMinute: 0 };

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
  expect(await afterLastMinute(parts, nothing, { nextMinute, tenant: undefined })).toBe(nextMinute);
});

it.each([
  ['what was noted', storeOf([1_500], []), nothing],
  ['what has rows', storeOf([], [1_500]), nothing],
  ['what lies in the log', storeOf([], []), { lastMinute: 1_500 }],
])('after the clock stepped back, it reaches over %s', async (_, parts, known) => {
  expect(await afterLastMinute(parts, known, { nextMinute, tenant: undefined })).toBe(1_501);
});

it('a date that no clock can have had is not walked to', async () => {
  const parts = storeOf([nextMinute + 100 * 366 * 24 * 60], []);
  expect(await afterLastMinute(parts, nothing, { nextMinute, tenant: undefined })).toBe(nextMinute);
});

it('the gap that the clock left is one window', () => {
  const range = { fromMinute: 0, toMinute: 5_000_000, tenant: undefined };
  const counts = [{ minute: 4_999_999, messages: 20_000 }];
  expect([...windowsOf(range, counts, { minutesMax: Number.POSITIVE_INFINITY })]).toHaveLength(1);
  expect([...windowsOf(range, counts)].length).toBeGreaterThan(3_000);
});
