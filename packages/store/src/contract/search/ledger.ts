import { topicOf } from '@spillway/broker';
import type { MessageRange } from '@spillway/ledger';
import { describe, expect, test } from 'vitest';
import { TestRecords, testNowMs } from '../test-records.ts';
import {
  allMinutes,
  ofAllSignals,
  rowsIn,
  type SearchStoreUnderTest,
  testRange,
} from './harness.ts';

export function describeSearchLedger({
  writer,
  reader,
  apply,
  reopen,
  refresh,
}: SearchStoreUnderTest): void {
  describe('account', () => {
    test('every applied message is there, in order, with its counts', async () => {
      const records = new TestRecords();
      const broken = [
        { index: 1, key: 'a'.repeat(32), code: 'malformed-record', reason: 'cut' } as const,
      ];
      await apply(
        records.message([records.span()], { broken }),
        records.message([records.log()], { foreign: true }),
      );
      expect(await writer().appliedMessages(allMinutes)).toEqual([
        {
          id: { gateway: 'gw-test', epoch: 1, topic: topicOf.traces, partition: 0, sequence: 1 },
          tenant: 'acme',
          signal: 'traces',
          minute: testNowMs / 60_000,
          position: 0,
          records: 2,
          stored: 1,
          duplicates: 0,
          deadLettered: 1,
          foreign: false,
        },
        {
          id: { gateway: 'foreign', epoch: 0, topic: topicOf.logs, partition: 0, sequence: 0 },
          tenant: 'acme',
          signal: 'logs',
          minute: testNowMs / 60_000,
          position: 0,
          records: 1,
          stored: 1,
          duplicates: 0,
          deadLettered: 0,
          foreign: true,
        },
      ]);
    });

    test('rows are counted by tenant, signal and minute of acceptance', async () => {
      const [acme, umbrella] = [new TestRecords(), new TestRecords({ tenant: 'umbrella' })];
      const later = { receivedMs: testNowMs + 60_000 };
      await apply(
        acme.message([acme.span(), acme.span()]),
        acme.message([acme.span()], later),
        umbrella.message([umbrella.point()]),
      );
      const minute = testNowMs / 60_000;
      const counts = await writer().rowCounts(allMinutes);
      expect(counts).toHaveLength(3);
      expect(counts).toEqual(
        expect.arrayContaining([
          { tenant: 'acme', signal: 'traces', minute, rows: 2, retired: 0 },
          { tenant: 'acme', signal: 'traces', minute: minute + 1, rows: 1, retired: 0 },
          { tenant: 'umbrella', signal: 'metrics', minute, rows: 1, retired: 0 },
        ]),
      );
      const narrow = { fromMinute: minute, toMinute: minute + 1, tenant: 'acme' };
      expect(await writer().rowCounts(narrow)).toMatchObject([{ rows: 2 }]);
      expect(await writer().appliedMessages(narrow)).toHaveLength(1);
    });

    test('applied messages are read in parts by their sequence, and no more than asked for', async () => {
      const records = new TestRecords();
      await apply(...Array.from({ length: 7 }, () => records.message([records.log()])));
      const sequences = async (read: Partial<MessageRange>) =>
        (await writer().appliedMessages({ ...allMinutes, ...read })).map(({ id }) => id.sequence);
      const all = await sequences({});
      expect(all).toHaveLength(7);
      for (const index of [0, 1, 2]) {
        const own = all.filter((sequence) => sequence % 3 === index);
        expect(await sequences({ part: { index, of: 3 } })).toEqual(own);
      }
      expect(await sequences({ limit: 4 })).toEqual(all.slice(0, 4));
    });

    test('a message that comes twice in one batch is applied where it came first', async () => {
      const records = new TestRecords();
      const [a, b] = [records.message([records.log()]), records.message([records.log()])];
      await apply(a, b, { ...a, position: b.position + 1 });
      const applied = await writer().appliedMessages(allMinutes);
      expect(applied.map(({ id }) => id.sequence)).toEqual([1, 2]);
      expect(applied.map(({ position }) => position)).toEqual([a.position, b.position]);
    });

    test('what retention drops stays counted as retired', async () => {
      const records = new TestRecords();
      const old = records.span({ startTimeUnixNano: BigInt(testNowMs - 3_600_000) * 1_000_000n });
      await apply(records.message([old, records.span()]));
      expect(await writer().retain(testNowMs - 60_000)).toBe(1);
      await refresh();
      expect(await writer().rowCounts(allMinutes)).toMatchObject([{ rows: 1, retired: 1 }]);
      expect(await reader().trace('acme', old.traceId)).toBeUndefined();
      expect(await writer().retain(testNowMs - 60_000)).toBe(0);
    });

    test('an account outlives its records for as long as it is asked for', async () => {
      const records = new TestRecords();
      await apply(records.message([records.span()]));
      const later = testNowMs + 10 * 86_400_000;
      expect(await writer().retain(later, testNowMs)).toBe(1);
      expect(await writer().rowCounts(allMinutes)).toMatchObject([{ rows: 0, retired: 1 }]);
      expect(await writer().appliedMessages(allMinutes)).toHaveLength(1);
      await writer().retain(later);
      expect(await writer().appliedMessages(allMinutes)).toEqual([]);
    });

    test('reset leaves an empty store that can be filled again', async () => {
      const records = new TestRecords();
      const messages = ofAllSignals(records);
      await apply(...messages);
      await writer().reset();
      await refresh();
      expect(await writer().rowCounts(allMinutes)).toEqual([]);
      expect(await writer().appliedMessages(allMinutes)).toEqual([]);
      await apply(...messages);
      expect(await rowsIn(writer())).toBe(6);
      expect((await reader().findLogs(testRange)).items).toHaveLength(2);
    });

    test('a store that keeps positions keeps them with the effects', async () => {
      const keeper = writer();
      if (!keeper.capabilities.nextPositions) return;
      const records = new TestRecords();
      const partitions = [0, 1].map((partition) => ({ topic: topicOf.traces, partition }));
      await apply(
        records.message([records.span()], { position: 41 }),
        records.message([records.span()], { position: 17 }),
      );
      await reopen();
      const positions = await writer().capabilities.nextPositions?.(partitions);
      expect(positions).toEqual([{ topic: topicOf.traces, partition: 0, position: 42 }]);
    });
  });
}
