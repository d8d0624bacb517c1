import { TestRecords, testNowMs } from '@spillway/store/contract';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ElasticsearchStore } from '../src/index.ts';
import { allMinutes, type TestIndices, type TestServer } from './harness.ts';

export function describeExactlyOnce(server: TestServer): void {
  describe('exactly once', () => {
    let indices: TestIndices;
    let store: ElasticsearchStore;
    beforeEach(async () => {
      indices = server.fresh();
      store = await indices.open();
    });
    afterEach(() => indices.remove());

    it('knows its own documents when the account of their message was not written', async () => {
      const records = new TestRecords();
      const message = records.message([records.span(), records.span()]);
      await store.apply([message]);
      await server.request('DELETE', `${indices.prefix}-g1-account-2026.01.05`);
      const [outcome] = await store.apply([message]);
      expect(outcome?.records).toEqual([{ status: 'stored' }, { status: 'stored' }]);
      expect(await store.appliedMessages(allMinutes)).toMatchObject([{ stored: 2, duplicates: 0 }]);
    });

    it('makes a record that the server refuses a dead letter, and stores its neighbours', async () => {
      const records = new TestRecords();
      const refused = records.span({ kind: 3_000_000_000 });
      const message = records.message([records.span(), refused, records.span()]);
      const [first] = await store.apply([message]);
      expect(first?.records.map(({ status }) => status)).toEqual([
        'stored',
        'deadLetter',
        'stored',
      ]);
      expect(first?.records[1]).toMatchObject({
        code: 'rejected-by-store',
        reason: expect.stringContaining('out of range'),
      });
      expect(await store.appliedMessages(allMinutes)).toMatchObject([
        { stored: 2, deadLettered: 1 },
      ]);
      expect(await store.apply([message])).toEqual([first]);
    });

    it('keeps the order of a partition in its account when one in the middle comes again', async () => {
      const records = new TestRecords();
      const nextDay = { timeUnixNano: BigInt(testNowMs + 20 * 3_600_000) * 1_000_000n };
      await store.apply([records.message([records.log()])]);
      const logs = `${indices.prefix}-g1-logs-2026.01.05`;
      await server.request('PUT', `${logs}/_block/write`);
      const [held, behind] = [
        records.message([records.log()]),
        records.message([records.log(nextDay)]),
      ];
      const outcomes = await store.apply([held, behind]);
      expect(outcomes.map((one) => one.records[0]?.status)).toEqual(['retry', 'retry']);
      await server.request('PUT', `${logs}/_settings`, { 'index.blocks.write': false });
      const again = await store.apply([held, behind]);
      expect(again.map((one) => one.records[0]?.status)).toEqual(['stored', 'stored']);
      const applied = await store.appliedMessages(allMinutes);
      expect(applied.map(({ id }) => id.sequence)).toEqual([1, 2, 3]);
    });

    it('wants again what the server does not take now, and does not account for it', async () => {
      const records = new TestRecords();
      await store.apply([records.message([records.log()])]);
      const logs = `${indices.prefix}-g1-logs-2026.01.05`;
      await server.request('PUT', `${logs}/_block/write`);
      const message = records.message([records.log()]);
      const spans = records.message([records.span()]);
      const [log, span] = await store.apply([message, spans]);
      expect(log?.records[0]).toMatchObject({ status: 'retry' });
      expect(span?.records[0]).toEqual({ status: 'stored' });
      expect(await store.appliedMessages(allMinutes)).toHaveLength(2);
      await server.request('PUT', `${logs}/_settings`, { 'index.blocks.write': false });
      expect(await store.apply([message])).toEqual([{ records: [{ status: 'stored' }] }]);
      expect(await store.appliedMessages(allMinutes)).toHaveLength(3);
    });

    it('counts a message once that several processes apply at the same time', async () => {
      const others = await Promise.all([indices.open(), indices.open()]);
      const records = new TestRecords();
      const messages = Array.from({ length: 10 }, () =>
        records.message([records.span(), records.span()]),
      );
      const retried = messages.map(({ records: same }) => records.message(same));
      await Promise.all([
        ...[store, ...others].map((each) => each.apply(messages)),
        store.apply(retried),
      ]);
      const applied = await store.appliedMessages(allMinutes);
      expect(applied).toHaveLength(20);
      const sum = (of: 'stored' | 'duplicates') =>
        applied.reduce((total, each) => total + each[of], 0);
      expect([sum('stored'), sum('duplicates')]).toEqual([20, 20]);
      expect(await store.rowCounts(allMinutes)).toMatchObject([{ rows: 20 }]);
    });

    it('puts records into the indices of their own days', async () => {
      const records = new TestRecords();
      const yesterday = BigInt(testNowMs - 86_400_000) * 1_000_000n;
      const undated = { timeUnixNano: 0n, observedTimeUnixNano: 0n };
      await store.apply([
        records.message([records.span({ startTimeUnixNano: yesterday })]),
        records.message([records.log(undated), records.log()]),
      ]);
      expect(await indices.names()).toEqual(
        [
          'g1-account-2026.01.05',
          'g1-logs-2026.01.05',
          'g1-logs-undated-2026.01.05',
          'g1-traces-2026.01.04',
          'state',
        ].map((name) => `${indices.prefix}-${name}`),
      );
    });
  });
}
