import { describe, expect, test } from 'vitest';
import type { AppliedRange } from '../../write-store.ts';
import {
  collect,
  everyMinute,
  freshRecords,
  statuses,
  type WriteStoreUnderTest,
} from './harness.ts';

/** Each message and each record counts once, however often it comes. */
export function describeWriteOnce({ store, reopen }: WriteStoreUnderTest): void {
  describe('once in the store', () => {
    const rowsOf = async (tenant: string) =>
      (await store().rowCounts({ ...everyMinute, tenant })).reduce(
        (sum, { rows }) => sum + rows,
        0,
      );

    test('a message that comes twice in one batch is applied where it came first', async () => {
      const records = freshRecords();
      const [a, b] = [records.message([records.log()]), records.message([records.log()])];
      await store().apply([a, b, { ...a, position: b.position + 1 }]);
      const applied = await store().appliedMessages({ ...everyMinute, tenant: records.tenant });
      expect(applied.map(({ id }) => id.sequence)).toEqual([1, 2]);
      expect(applied.map(({ position }) => position)).toEqual([a.position, b.position]);
    });

    test('a batch applied three times is stored once, also after a restart', async () => {
      const records = freshRecords();
      const batch = [
        records.message([records.span(), records.span()]),
        records.message([records.log()]),
        records.message([records.point('sum')]),
      ];
      const first = await store().apply(batch);
      const applied = await store().appliedMessages({ ...everyMinute, tenant: records.tenant });
      expect(await store().apply(batch)).toEqual(first);
      await reopen();
      expect(await store().apply(batch)).toEqual(first);
      expect(first.flatMap(statuses)).toEqual(Array(4).fill('stored'));
      expect(await rowsOf(records.tenant)).toBe(4);
      expect(await store().appliedMessages({ ...everyMinute, tenant: records.tenant })).toEqual(
        applied,
      );
    });

    test('a message that comes twice in one batch', async () => {
      const records = freshRecords();
      const message = records.message([records.span()]);
      const outcomes = await store().apply([message, message]);
      expect(outcomes.flatMap(statuses)).toEqual(['stored', 'stored']);
      expect(await rowsOf(records.tenant)).toBe(1);
    });

    test('a record that another message brought is a duplicate, in a batch and after', async () => {
      const records = freshRecords();
      const [old, both] = [records.span(), records.span()];
      await store().apply([records.message([old])]);
      const batch = [records.message([old, both]), records.message([both, records.span()])];
      const outcomes = await store().apply(batch);
      expect(outcomes.map(statuses)).toEqual([
        ['duplicate', 'stored'],
        ['duplicate', 'stored'],
      ]);
      const applied = await store().appliedMessages({ ...everyMinute, tenant: records.tenant });
      expect(applied.map(({ stored, duplicates }) => [stored, duplicates])).toEqual([
        [1, 0],
        [1, 1],
        [1, 1],
      ]);
      expect(await rowsOf(records.tenant)).toBe(3);
      const range = { ...everyMinute, tenant: records.tenant, signal: 'traces' as const };
      const back = await collect(store(), range);
      expect(back.map((each) => each.records.length)).toEqual([1, 1, 1]);
    });

    test('an undated record that comes again on two days is a duplicate on the day it was stored', async () => {
      const records = freshRecords();
      const log = records.log({ timeUnixNano: 0n, observedTimeUnixNano: 0n });
      const receivedMs = Date.now() - 2 * 86_400_000;
      const onDay = (day: number) =>
        records.message([log], { receivedMs: receivedMs + day * 86_400_000 });
      await store().apply([onDay(0)]);
      const outcomes = await store().apply([onDay(0), onDay(1)]);
      expect(outcomes.flatMap(statuses)).toEqual(['duplicate', 'stored']);
      const applied = await store().appliedMessages({ ...everyMinute, tenant: records.tenant });
      expect(applied.map(({ stored }) => stored)).toEqual([1, 0, 1]);
      expect(await rowsOf(records.tenant)).toBe(2);
    });

    test('the same bytes of two tenants are two records', async () => {
      const [first, second] = [freshRecords(), freshRecords()];
      const log = first.log();
      const outcomes = await store().apply([first.message([log]), second.message([log])]);
      expect(outcomes.flatMap(statuses)).toEqual(['stored', 'stored']);
      expect([await rowsOf(first.tenant), await rowsOf(second.tenant)]).toEqual([1, 1]);
    });

    test('a mark parts what is applied before it from what is applied after', async () => {
      const records = freshRecords();
      const marks: string[] = [];
      for (let i = 0; i < 3; i++) {
        marks.push(await store().appliedMark());
        await store().apply([records.message([records.log()])]);
      }
      const sequences = async (of: AppliedRange) => {
        const range = { ...everyMinute, tenant: records.tenant, signal: 'logs' as const };
        const back = await collect(store(), { ...range, ...of });
        return back.map(({ applied }) => applied.id.sequence);
      };
      expect(await sequences({ upTo: marks[0] })).toEqual([]);
      expect(await sequences({ upTo: marks[1] })).toEqual([1]);
      expect(await sequences({ after: marks[1], upTo: marks[2] })).toEqual([2]);
      expect(await sequences({ after: marks[1] })).toEqual([2, 3]);
    });

    test('a mark amid applies counts each message to one side, what had resolved to its first', async () => {
      const makers = Array.from({ length: 6 }, () => freshRecords());
      const range = { ...everyMinute, signal: 'logs' as const };
      const names = (messages: Awaited<ReturnType<typeof collect>>) =>
        messages.map(({ applied }) => `${applied.id.gateway}/${applied.id.sequence}`);
      const resolved: string[] = [];
      const applying = makers.map(async (records) => {
        for (let i = 0; i < 8; i++) {
          const message = records.message(Array.from({ length: 20 }, () => records.log()));
          await store().apply([message]);
          resolved.push(`${message.envelope.id.gateway}/${message.envelope.id.sequence}`);
        }
      });
      while (resolved.length < 12) await new Promise(setImmediate);
      const before = [...resolved];
      const mark = await store().appliedMark();
      const first = names(await collect(store(), { ...range, upTo: mark }));
      await Promise.all(applying);
      expect(names(await collect(store(), { ...range, upTo: mark }))).toEqual(first);
      const second = names(await collect(store(), { ...range, after: mark }));
      expect(first).toEqual(expect.arrayContaining(before));
      const parts = [...first, ...second].filter((name) => resolved.includes(name));
      expect(parts.sort()).toEqual(resolved.toSorted());
    });

    test('where to read on is kept with the rows, where the store keeps it', async () => {
      const records = freshRecords();
      const message = records.message([records.span()], { position: 41 });
      await store().apply([message]);
      await store().apply([records.message([records.span()], { position: 7 })]);
      await reopen();
      const { topic, partition } = message.envelope.id;
      const next = await store().capabilities.nextPositions?.([{ topic, partition }]);
      expect(next ?? [{ topic, partition, position: 42 }]).toEqual([
        { topic, partition, position: 42 },
      ]);
    });
  });
}
