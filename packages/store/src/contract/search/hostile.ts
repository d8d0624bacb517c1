import { abortAfter } from '@spillway/resilience';
import { describe, expect, test } from 'vitest';
import { writeCursor } from '../../search/cursor.ts';
import { TestRecords } from '../test-records.ts';
import { everyQuery } from './errors.ts';
import { type SearchStoreUnderTest, testRange } from './harness.ts';

/** The widest range that a question may have: 1970 to the end of 2199. */
const widest = { ...testRange, fromMs: 0, toMs: Date.UTC(2200, 0, 1) - 1 };

export function describeSearchHostile({ reader, apply }: SearchStoreUnderTest): void {
  describe('hostile questions', () => {
    test('the widest range is answered, and a histogram has as many bars as were asked for', async () => {
      const records = new TestRecords();
      await apply(records.message([records.log(), records.log()]));
      for (const [name, ask] of Object.entries(everyQuery(reader(), widest))) {
        await expect(ask(), name).resolves.not.toThrow();
      }
      const bars = await reader().logHistogram({ ...widest, bars: 60 });
      expect(bars).toHaveLength(60);
      const counted = bars.flatMap(({ counts }) => Object.values(counts));
      expect(counted.reduce((sum, count) => sum + count, 0)).toBe(2);
    });

    test('a cursor with values that no column has is refused', async () => {
      const values = [-1n, 2n ** 31n, 2n ** 63n, 2n ** 64n, 2n ** 128n, 10n ** 38n];
      for (const length of [1, 2, 3, 5, 6]) {
        for (const value of values) {
          const cursor = writeCursor(Array.from({ length }, () => value));
          const query = { ...testRange, cursor };
          const asked = [
            reader().findLogs(query),
            reader().findTraces(query),
            reader().points({ ...query, name: 'm' }),
          ];
          for (const answer of await Promise.allSettled(asked)) {
            // A value that one column has may be right for another place of the order.
            if (answer.status === 'rejected') {
              expect(answer.reason).toMatchObject({ code: 'invalid-query' });
            }
          }
        }
      }
    });

    test('a question that has ended is not worked on', async () => {
      const ending = AbortSignal.abort(new Error('too late'));
      for (const [name, ask] of Object.entries(everyQuery(reader(), { ...testRange, ending }))) {
        await expect(ask(), name).rejects.toThrow('too late');
      }
      expect(await reader().findLogs(testRange)).toMatchObject({ items: [] });
    });

    test('one that ends while it is worked on gives its reason, and harms no other', async () => {
      const records = new TestRecords();
      await apply(records.message(Array.from({ length: 50 }, () => records.log())));
      for (let i = 0; i < 6; i++) {
        const asked = abortAfter(i, (ending) => reader().findLogs({ ...testRange, ending }), {
          reason: () => new Error('too late'),
        });
        const answer = await asked.catch((error: Error) => error.message);
        if (typeof answer === 'string') expect(answer).toBe('too late');
        expect((await reader().findLogs(testRange)).items).toHaveLength(50);
      }
    });
  });
}
