import { describe, expect, test } from 'vitest';
import { PartMissingError } from '../../message-parts.ts';
import { applyParts, inParts } from '../message-parts.ts';
import { TestRecords, testNowMs } from '../test-records.ts';
import { allMinutes, ofAllSignals, rowsIn, type SearchStoreUnderTest } from './harness.ts';

/** Each message and each record counts once, whole or in parts, however often it comes. */
export function describeSearchOnce({ writer, apply, reopen, refresh }: SearchStoreUnderTest): void {
  describe('once in the store', () => {
    test('a redelivered message changes nothing and is answered as stored', async () => {
      const records = new TestRecords();
      const message = ofAllSignals(records);
      await apply(...message);
      const before = await writer().appliedMessages(allMinutes);
      for (const outcome of await apply(...message)) {
        expect(outcome.records.every(({ status }) => status === 'stored')).toBe(true);
      }
      expect(await writer().appliedMessages(allMinutes)).toEqual(before);
      expect(await rowsIn(writer())).toBe(6);
    });

    test('a client that sends the same again is distinguished from a redelivery', async () => {
      const records = new TestRecords();
      const first = ofAllSignals(records);
      await apply(...first);
      const again = first.map((m) =>
        records.message(m.records, { receivedMs: testNowMs + 90_000 }),
      );
      for (const outcome of await apply(...again)) {
        expect(outcome.records.every(({ status }) => status === 'duplicate')).toBe(true);
      }
      expect(await rowsIn(writer())).toBe(6);
      const applied = await writer().appliedMessages(allMinutes);
      expect(applied.map(({ stored, duplicates }) => [stored, duplicates])).toEqual([
        [2, 0],
        [2, 0],
        [2, 0],
        [0, 2],
        [0, 2],
        [0, 2],
      ]);
    });

    test('of equal records in one batch the first is stored', async () => {
      const records = new TestRecords();
      const first = records.message([records.span(), records.span()]);
      const second = records.message([...first.records, records.span()]);
      const [one, two] = await apply(first, second, first);
      expect(one?.records.map(({ status }) => status)).toEqual(['stored', 'stored']);
      expect(two?.records.map(({ status }) => status)).toEqual([
        'duplicate',
        'duplicate',
        'stored',
      ]);
      expect(await rowsIn(writer())).toBe(3);
    });

    test('an undated record that a client sends again is still known', async () => {
      const records = new TestRecords();
      const log = records.log({ timeUnixNano: 0n, observedTimeUnixNano: 0n });
      const first = records.message([log]);
      await apply(first);
      const later = { receivedMs: testNowMs + 600_000 };
      const [outcome] = await apply(records.message(first.records, later));
      expect(outcome?.records).toEqual([{ status: 'duplicate' }]);
    });

    test('both are known after a restart', async () => {
      const records = new TestRecords();
      const first = records.message([records.span()]);
      await apply(first);
      await reopen();
      const [redelivered, retried] = await apply(first, records.message(first.records));
      expect(redelivered?.records).toEqual([{ status: 'stored' }]);
      expect(retried?.records).toEqual([{ status: 'duplicate' }]);
      expect(await rowsIn(writer())).toBe(1);
    });
  });

  describe('a message in parts', () => {
    const countsOf = async () =>
      (await writer().appliedMessages(allMinutes)).map(
        ({ records, stored, duplicates, deadLettered }) => {
          return [records, stored, duplicates, deadLettered];
        },
      );
    const make = async () => {
      const records = new TestRecords();
      const known = records.log();
      await apply(records.message([known]));
      const broken = {
        index: 3,
        key: 'b'.repeat(32),
        code: 'malformed-record',
        reason: '',
      } as const;
      const logs = Array.from({ length: 8 }, () => records.log());
      return records.message([...logs, known], { broken: [broken] });
    };

    test('is applied as if it were whole, however often it begins again', async () => {
      const message = await make();
      const parts = inParts(message, 3);
      const wanted = [...Array(8).fill('stored'), 'duplicate'];
      await applyParts(writer(), parts.slice(0, 2));
      await refresh();
      expect(await countsOf()).toEqual([[1, 1, 0, 0]]);
      await reopen();
      expect(await applyParts(writer(), parts)).toEqual(wanted);
      await refresh();
      expect(await countsOf()).toEqual([
        [1, 1, 0, 0],
        [10, 8, 1, 1],
      ]);
      await applyParts(writer(), parts);
      await apply(message);
      expect(await countsOf()).toEqual([
        [1, 1, 0, 0],
        [10, 8, 1, 1],
      ]);
      expect(await rowsIn(writer())).toBe(9);
    });

    test('is refused behind a part that is not there', async () => {
      const [, second] = inParts(await make(), 3);
      if (second) await expect(writer().apply([second])).rejects.toBeInstanceOf(PartMissingError);
    });
  });
}
