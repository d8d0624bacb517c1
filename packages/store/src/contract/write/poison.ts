import { describe, expect, test } from 'vitest';
import { everyMinute, freshRecords, statuses, type WriteStoreUnderTest } from './harness.ts';

/** A record that no row can hold costs no other record its place. */
export function describeWritePoison({ store, reopen }: WriteStoreUnderTest): void {
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
