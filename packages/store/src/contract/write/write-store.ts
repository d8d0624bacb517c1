/**
 * What every write store must do, as a suite that every adapter runs whole. The tests share one
 * store (some take seconds to start); each has tenants, gateways and partitions of its own.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PartMissingError } from '../../message-parts.ts';
import type { AppliedRange } from '../../write-store.ts';
import { describeWriteLongNames } from '../long-names.ts';
import { applyParts, inParts } from '../message-parts.ts';
import {
  collect,
  everyMinute,
  freshRecords,
  statuses,
  type WriteStoreContractOptions,
  type WriteStoreHarness,
  type WriteStoreUnderTest,
} from './harness.ts';
import { describeWriteLedger } from './ledger.ts';
import { describeWriteRetention } from './retention.ts';
import { describeWriteRoundTrip } from './round-trip.ts';

/** Declares the tests that every write store must pass. */
export function writeStoreContract({ name, create }: WriteStoreContractOptions): void {
  describe(`${name} as a write store`, () => {
    let harness: WriteStoreHarness;
    beforeAll(async () => {
      harness = await create();
    });
    afterAll(() => harness.close());
    const underTest: WriteStoreUnderTest = {
      store: () => harness.store,
      reopen: async () => {
        harness.store = await harness.reopen();
      },
    };
    describeWriteRoundTrip(underTest);
    describeOnce(underTest);
    describeParts(underTest);
    describePoison(underTest);
    describeWriteLongNames(underTest);
    describeWriteLedger(underTest);
    describeWriteRetention(underTest);
  });
}

function describeOnce({ store, reopen }: WriteStoreUnderTest): void {
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

function describeParts({ store, reopen }: WriteStoreUnderTest): void {
  describe('a message in parts', () => {
    const countsOf = async (tenant: string) => {
      const applied = await store().appliedMessages({ ...everyMinute, tenant });
      const rows = await store().rowCounts({ ...everyMinute, tenant });
      return {
        applied: applied.map((each) => {
          return [each.records, each.stored, each.duplicates, each.deadLettered];
        }),
        rows: rows.reduce((sum, each) => sum + each.rows, 0),
      };
    };
    const broken = { index: 3, key: 'b'.repeat(32), code: 'malformed-record', reason: '' } as const;
    const make = async () => {
      const records = freshRecords();
      const known = records.log();
      await store().apply([records.message([known])]);
      const logs = Array.from({ length: 8 }, () => records.log());
      const message = records.message([...logs, known], { broken: [broken] });
      return { tenant: records.tenant, message };
    };

    test('is applied as if it were whole, however often it begins again', async () => {
      const { tenant, message } = await make();
      const parts = inParts(message, 3);
      const wanted = [...Array(8).fill('stored'), 'duplicate'];
      await applyParts(store(), parts.slice(0, 2));
      await reopen();
      expect(await applyParts(store(), parts)).toEqual(wanted);
      const whole = {
        applied: [
          [1, 1, 0, 0],
          [10, 8, 1, 1],
        ],
        rows: 9,
      };
      expect(await countsOf(tenant)).toEqual(whole);
      expect(await applyParts(store(), parts)).toEqual([...Array(9).fill('stored')]);
      await store().apply([message]);
      expect(await countsOf(tenant)).toEqual(whole);
      const range = { ...everyMinute, tenant, signal: 'logs' as const };
      const back = await collect(store(), range);
      expect(back.map((each) => each.records.length)).toEqual([1, 8]);
    });

    test('goes on where it was cut elsewhere before', async () => {
      const { tenant, message } = await make();
      await applyParts(store(), inParts(message, 4).slice(0, 1));
      await applyParts(store(), inParts(message, 3));
      expect(await countsOf(tenant)).toMatchObject({
        rows: 9,
        applied: [
          [1, 1, 0, 0],
          [10, 8, 1, 1],
        ],
      });
    });

    test('is half applied until its last part: not read back, and its position not passed', async () => {
      const { tenant, message } = await make();
      const { topic, partition } = message.envelope.id;
      const before = await store().capabilities.nextPositions?.([{ topic, partition }]);
      await applyParts(store(), inParts(message, 3).slice(0, 2));
      expect(await countsOf(tenant)).toEqual({
        applied: [
          [1, 1, 0, 0],
          [10, 5, 0, 1],
        ],
        rows: 6,
      });
      expect(await store().capabilities.nextPositions?.([{ topic, partition }])).toEqual(before);
      const range = { ...everyMinute, tenant, signal: 'logs' as const };
      expect(await collect(store(), range)).toHaveLength(1);
    });

    test('is refused behind a part that is not there', async () => {
      const { message } = await make();
      const [, second] = inParts(message, 3);
      if (second) await expect(store().apply([second])).rejects.toBeInstanceOf(PartMissingError);
    });

    test('two that apply it at once count it once', async () => {
      const { tenant, message } = await make();
      const parts = inParts(message, 2);
      await Promise.all([applyParts(store(), parts), applyParts(store(), parts)]);
      expect(await countsOf(tenant)).toEqual({
        applied: [
          [1, 1, 0, 0],
          [10, 8, 1, 1],
        ],
        rows: 9,
      });
    });
  });
}

function describePoison({ store, reopen }: WriteStoreUnderTest): void {
  describe('a record that the store refuses', () => {
    test('is a dead letter, again at every redelivery, and its neighbours are stored', async () => {
      const records = freshRecords();
      // No store has to take a kind that is no int32; no decoder makes one.
      const poison = () => records.span({ kind: 2 ** 40 });
      const batch = [
        records.message([records.span(), poison(), records.span()]),
        records.message([records.span(), records.span()]),
        records.message([poison()]),
      ];
      const outcomes = await store().apply(batch);
      expect(outcomes.map(statuses)).toEqual([
        ['stored', 'deadLetter', 'stored'],
        ['stored', 'stored'],
        ['deadLetter'],
      ]);
      const deadLetter = outcomes[0]?.records[1];
      expect(deadLetter).toMatchObject({
        code: 'rejected-by-store',
        reason: expect.any(String),
      });
      const applied = await store().appliedMessages({ ...everyMinute, tenant: records.tenant });
      expect(applied.map(({ stored, deadLettered }) => [stored, deadLettered])).toEqual([
        [2, 1],
        [2, 0],
        [0, 1],
      ]);
      await reopen();
      expect(await store().apply(batch)).toEqual(outcomes);
    });

    test('is no duplicate when it comes twice', async () => {
      const records = freshRecords();
      const poison = records.span({ kind: 2 ** 40 });
      const batch = [records.message([poison]), records.message([poison])];
      const outcomes = await store().apply(batch);
      expect(outcomes.flatMap(statuses)).toEqual(['deadLetter', 'deadLetter']);
    });
  });
}
