import { describe, expect, test } from 'vitest';
import { metricTypes } from '../test-points.ts';
import { collect, everyMinute, freshRecords, type WriteStoreUnderTest } from './harness.ts';

const hourMs = 3_600_000;
/** Days that no other test has. */
const oldMs = Date.UTC(2025, 5, 10, 12);

export function describeWriteRetention({ store }: WriteStoreUnderTest): void {
  describe('retention', () => {
    test('drops what is older and keeps count of it', async () => {
      const old = freshRecords({ nowMs: oldMs });
      const batch = [
        old.message([old.span(), old.span()]),
        old.message([old.log()]),
        old.message(metricTypes.map((type) => old.point(type))),
      ];
      const young = old.message([old.span({ startTimeUnixNano: nanos(oldMs + 24 * hourMs) })], {
        receivedMs: oldMs + 24 * hourMs,
      });
      await store().apply([...batch, young]);
      const range = { ...everyMinute, tenant: old.tenant };
      const before = await store().rowCounts(range);
      expect(await store().retain(oldMs + 13 * hourMs)).toBe(8);
      const after = await store().rowCounts(range);
      const all = ({ rows, retired, ...rest }: (typeof after)[number]) => ({
        ...rest,
        total: rows + retired,
      });
      expect(after.map(all)).toEqual(before.map(all));
      expect(after.map(({ rows, retired }) => [rows, retired])).toEqual([
        [0, 1],
        [0, 5],
        [0, 2],
        [1, 0],
      ]);
      const back = await collect(store(), { ...range, signal: 'traces' });
      expect(back.flatMap(({ records }) => records)).toStrictEqual(young.records);
      expect(await store().retain(oldMs + 13 * hourMs)).toBe(0);
    });

    test('goes by the time of the message where that of the record cannot be right', async () => {
      const records = freshRecords({ nowMs: oldMs });
      const observed = nanos(oldMs - hourMs);
      const message = records.message([
        records.log({ timeUnixNano: nanos(Date.UTC(2035, 0)), observedTimeUnixNano: observed }),
        records.log({ timeUnixNano: 0n, observedTimeUnixNano: 0n }),
        records.log({ timeUnixNano: 2n ** 64n - 1n, observedTimeUnixNano: nanos(1) }),
      ]);
      await store().apply([message]);
      expect(await store().retain(oldMs + 13 * hourMs)).toBe(3);
    });

    test('takes what comes late for a day that was dropped', async () => {
      const records = freshRecords({ nowMs: oldMs });
      const message = records.message([records.span()]);
      await store().apply([message]);
      await store().retain(oldMs + 13 * hourMs);
      const late = records.message([records.span()]);
      const [outcome] = await store().apply([late]);
      expect(outcome?.records).toEqual([{ status: 'stored' }]);
      expect(await store().retain(oldMs + 13 * hourMs)).toBe(1);
    });

    test('lets go of the account when nothing of its minutes can be left', async () => {
      const records = freshRecords({ nowMs: oldMs });
      await store().apply([records.message([records.span()])]);
      const range = { ...everyMinute, tenant: records.tenant };
      await store().retain(oldMs + 24 * hourMs);
      expect(await store().appliedMessages(range)).toHaveLength(1);
      await store().retain(oldMs + 4 * 24 * hourMs);
      expect(await store().appliedMessages(range)).toEqual([]);
      expect(await store().rowCounts(range)).toEqual([]);
      // Notes that retention took are not missing, also where those of their gateway go on.
      const gateway = `of-${records.tenant}`;
      const refusal = { tenant: records.tenant, signal: 'logs' as const, records: 1 };
      const note = (number: number, ms: number) => ({
        gateway,
        epoch: 1,
        note: number,
        messages: [],
        refused: [{ ...refusal, minute: ms / 60_000 }],
      });
      const kept = async () =>
        (await store().keptNotes()).filter((notes) => notes.gateway === gateway);
      const laterMs = oldMs + 9 * 24 * hourMs;
      await store().applyNotes([note(1, oldMs), note(2, oldMs), note(3, laterMs), note(4, oldMs)]);
      await store().retain(oldMs + 4 * 24 * hourMs);
      expect(await kept()).toMatchObject([{ last: 4, missing: [] }]);
      await store().retain(oldMs + 14 * 24 * hourMs);
      await store().applyNotes([note(6, laterMs)]);
      expect(await kept()).toMatchObject([
        { last: 6, missing: [{ from: 5, to: 5, minute: laterMs / 60_000 }] },
      ]);
      // What was cached before must not be believed any more.
      const again = records.message([records.span()]);
      await store().apply([again]);
      const back = await collect(store(), { ...range, signal: 'traces' });
      expect(back.flatMap((each) => each.records)).toStrictEqual(again.records);
    });
  });
}

function nanos(ms: number): bigint {
  return BigInt(ms) * 1_000_000n;
}
