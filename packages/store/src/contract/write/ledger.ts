import { type LedgerNote, type MessageRange, minuteOf, type NotedMessage } from '@spillway/ledger';
import { describe, expect, test } from 'vitest';
import { everyMinute, freshRecords, type WriteStoreUnderTest } from './harness.ts';

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
      const minute = minuteOf(message.envelope.receivedMs);
      const common = { tenant: records.tenant, signal: 'logs', minute, duplicates: 0 };
      expect(await store().appliedMessages(range)).toEqual([
        {
          ...common,
          id: message.envelope.id,
          position: message.position,
          records: 3,
          stored: 2,
          deadLettered: 1,
          foreign: false,
        },
        {
          ...common,
          id: foreign.envelope.id,
          position: foreign.position,
          records: 1,
          stored: 1,
          deadLettered: 0,
          foreign: true,
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
      const minute = minuteOf(message.envelope.receivedMs);
      const of = { tenant: records.tenant };
      const before = { fromMinute: minute - 1, toMinute: minute, ...of };
      const after = { fromMinute: minute + 1, toMinute: minute + 9, ...of };
      for (const range of [before, after, { ...everyMinute, tenant: 'absent' }]) {
        expect(await store().appliedMessages(range)).toEqual([]);
        expect(await store().rowCounts(range)).toEqual([]);
      }
      const at = { fromMinute: minute, toMinute: minute + 1, ...of };
      expect(await store().appliedMessages(at)).toHaveLength(1);
      expect(await store().rowCounts(at)).toHaveLength(1);
    });

    test('reads messages in parts by their sequence, and no more than were asked for', async () => {
      const records = freshRecords();
      const messages = Array.from({ length: 7 }, () => records.message([records.log()]));
      await store().apply(messages);
      const range = { ...everyMinute, tenant: records.tenant };
      const sequences = async (read: Partial<MessageRange>) =>
        (await store().appliedMessages({ ...range, ...read })).map(({ id }) => id.sequence);
      const all = await sequences({});
      expect(all).toHaveLength(7);
      for (const index of [0, 1, 2]) {
        const own = all.filter((sequence) => sequence % 3 === index);
        expect(await sequences({ part: { index, of: 3 } })).toEqual(own);
      }
      expect(await sequences({ limit: 4 })).toEqual(all.slice(0, 4));
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
          notedMinute: expect.any(Number),
        })),
      );
      expect(await store().notedCounts(range)).toEqual([
        { minute: 1_001, messages: 1 },
        { minute: 1_002, messages: 1 },
      ]);
      const common = { tenant, signal: 'logs', records: 3 };
      expect(await store().refusedCounts(range)).toEqual([
        { ...common, minute: 1_001 },
        { ...common, minute: 1_002 },
      ]);
      expect(await store().notedMessages({ fromMinute: 1_002, toMinute: 1_003, tenant })).toEqual(
        noted.slice(1),
      );
      expect(await store().notedMessages({ ...range, part: { index: 0, of: 2 } })).toEqual(
        noted.slice(1),
      );
      expect(await store().notedMessages({ ...range, limit: 1 })).toEqual(noted.slice(0, 1));
    });

    test('adds the position of a second note of a message, whoever wrote it', async () => {
      const { tenant } = freshRecords();
      const gateway = `of-${tenant}`;
      const spilled = note(1, { gateway, tenant });
      const [message] = spilled.messages as [NotedMessage];
      const by = { gateway: `next-${tenant}`, tenant };
      const drained = { ...message, gateway, epoch: 7, position: 12 };
      const second = { ...note(2, by), messages: [drained, { ...drained, position: undefined }] };
      for (const notes of [[spilled], [second], [second, note(3, by)]])
        await store().applyNotes(notes);
      const noted = await store().notedMessages({ ...everyMinute, tenant });
      const of = ({ gateway, sequence, position }: NotedMessage) => [gateway, sequence, position];
      expect(noted.map(of)).toEqual([
        [by.gateway, 3, 3],
        [gateway, 1, 12],
      ]);
    });

    test('names the notes that never came, but none from before there was this store', async () => {
      const { tenant } = freshRecords();
      const gateway = `of-${tenant}`;
      const now = minuteOf(Date.now()) + 1;
      const at = (minute: number, number: number, epoch: number) => {
        const { messages, ...rest } = note(number, { gateway, tenant });
        return { ...rest, epoch, messages: messages.map((each) => ({ ...each, minute })) };
      };
      const numbers = [2, 5, 6, 9];
      await store().applyNotes(numbers.map((number) => at(now + number, number, 7)));
      await store().applyNotes([at(now + 8, 8, 7)]);
      await store().applyNotes([{ ...at(1_040, 40, 3), refused: [] }]);
      const kept = (await store().keptNotes()).filter((notes) => notes.gateway === gateway);
      expect(kept).toEqual([
        { gateway, epoch: 3, last: 40, lastMinute: 1_040, missing: [] },
        {
          gateway,
          epoch: 7,
          last: 9,
          lastMinute: now + 9,
          missing: [
            { from: 1, to: 1, minute: now + 2 },
            { from: 3, to: 4, minute: now + 5 },
            { from: 7, to: 7, minute: now + 8 },
          ],
        },
      ]);
    });

    test('keeps of each spill what its highest revision says', async () => {
      const { tenant } = freshRecords();
      const [one, other] = [`one-${tenant}`, `other-${tenant}`];
      const range = { gateway: one, epoch: 7, topic: 'otlp_logs', partition: 0, from: 1, to: 4 };
      const noteOf = (by: string, number: number, revision: number, from: number) => ({
        ...note(number, { gateway: by, tenant }),
        spill: { spill: `spill-${tenant}`, revision, atMs: number, waiting: [{ ...range, from }] },
      });
      await store().applyNotes([noteOf(one, 1, 4, 1), noteOf(one, 2, 9, 2)]);
      await store().applyNotes([noteOf(one, 3, 8, 3)]);
      const ofThis = async () =>
        (await store().notedSpills()).filter(({ spill }) => spill === `spill-${tenant}`);
      const expected = { spill: `spill-${tenant}`, epoch: 7 };
      expect(await ofThis()).toEqual([
        { ...expected, revision: 9, atMs: 2, gateway: one, waiting: [{ ...range, from: 2 }] },
      ]);
      await store().applyNotes([noteOf(other, 4, 9, 2)]);
      expect(await ofThis()).toEqual([
        { ...expected, revision: 9, atMs: 4, gateway: other, waiting: [{ ...range, from: 2 }] },
      ]);
    });
  });
}

function note(number: number, of: { gateway: string; tenant: string }): LedgerNote {
  const { gateway, tenant } = of;
  const message: NotedMessage = {
    topic: 'otlp_logs',
    partition: 3,
    sequence: number,
    // A broker that does not know it, once.
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
