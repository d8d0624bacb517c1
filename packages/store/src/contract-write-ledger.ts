import { describe, expect, test } from 'vitest';
import { everyMinute, freshRecords, type WriteStoreUnderTest } from './contract-write-harness.ts';
import type { LedgerNote, NotedMessage } from './ledger.ts';

export function describeWriteLedger({ store }: WriteStoreUnderTest): void {
  describe('the account', () => {
    test('has every message with its records, broken ones, and its minute', async () => {
      const records = freshRecords();
      const code = 'malformed-record';
      const broken = [{ index: 1, key: 'f'.repeat(32), code, reason: 'no' } as const];
      const message = records.message([records.log(), records.log()], { broken });
      const foreign = records.message([records.log()], { foreign: true });
      await store().apply([message, foreign]);
      const range = { ...everyMinute, tenant: records.tenant };
      const minute = Math.floor(message.envelope.receivedMs / 60_000);
      const common = { tenant: records.tenant, signal: 'logs', minute, duplicates: 0 };
      expect(await store().appliedMessages(range)).toEqual([
        {
          ...{ ...common, id: message.envelope.id, position: message.position },
          ...{ records: 3, stored: 2, deadLettered: 1, foreign: false },
        },
        {
          ...{ ...common, id: foreign.envelope.id, position: foreign.position },
          ...{ records: 1, stored: 1, deadLettered: 0, foreign: true },
        },
      ]);
      expect(await store().rowCounts(range)).toEqual([
        { tenant: records.tenant, signal: 'logs', minute, rows: 3, retired: 0 },
      ]);
    });

    test('keeps to the minutes and the tenant that were asked for', async () => {
      const records = freshRecords();
      const message = records.message([records.span()]);
      await store().apply([message]);
      const minute = Math.floor(message.envelope.receivedMs / 60_000);
      const of = { tenant: records.tenant };
      const before = { fromMinute: minute - 1, toMinute: minute, ...of };
      const after = { fromMinute: minute + 1, toMinute: minute + 9, ...of };
      for (const range of [before, after, { ...everyMinute, tenant: 'nobody' }]) {
        expect(await store().appliedMessages(range)).toEqual([]);
        expect(await store().rowCounts(range)).toEqual([]);
      }
      const at = { fromMinute: minute, toMinute: minute + 1, ...of };
      expect(await store().appliedMessages(at)).toHaveLength(1);
      expect(await store().rowCounts(at)).toHaveLength(1);
    });

    test('keeps a note once, however often it comes', async () => {
      const { tenant } = freshRecords();
      const gateway = `of-${tenant}`;
      const [first, second] = [note(1, { gateway, tenant }), note(2, { gateway, tenant })];
      await store().applyNotes([first, first]);
      await store().applyNotes([first, second]);
      await store().applyNotes([]);
      const range = { ...everyMinute, tenant };
      const noted = await store().notedMessages(range);
      expect(noted).toEqual(
        [...first.messages, ...second.messages].map((message) => ({
          ...message,
          gateway,
          epoch: 7,
        })),
      );
      const common = { tenant, signal: 'logs', records: 3 };
      expect(await store().refusedCounts(range)).toEqual([
        { ...common, minute: 1_001 },
        { ...common, minute: 1_002 },
      ]);
      expect(await store().notedMessages({ fromMinute: 1_002, toMinute: 1_003, tenant })).toEqual(
        noted.slice(1),
      );
    });
  });
}

function note(number: number, of: { gateway: string; tenant: string }): LedgerNote {
  const { gateway, tenant } = of;
  const message: NotedMessage = {
    topic: 'otlp_logs',
    partition: 3,
    sequence: number,
    // A broker that does not tell, once.
    position: number === 1 ? undefined : number,
    tenant,
    signal: 'logs',
    minute: 1_000 + number,
    records: 5,
  };
  const { signal, minute } = message;
  const refused = [
    { tenant, signal, minute, records: 1 },
    { tenant, signal, minute, records: 2 },
  ];
  return { gateway, epoch: 7, note: number, messages: [message], refused };
}
