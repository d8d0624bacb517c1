import { describe, expect, test } from 'vitest';
import { PartMissingError } from '../../message-parts.ts';
import { applyParts, inParts } from '../message-parts.ts';
import { collect, everyMinute, freshRecords, type WriteStoreUnderTest } from './harness.ts';

/** A message that comes in parts is applied as if it were whole. */
export function describeWriteParts({ store, reopen }: WriteStoreUnderTest): void {
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
