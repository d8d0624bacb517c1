import { TestRecords, testNowMs } from '@spillway/store/contract';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ElasticsearchStore } from '../src/index.ts';
import { allMinutes, type TestIndices, type TestServer, testRange } from './harness.ts';

const dayMs = 86_400_000;

export function describeRetention(server: TestServer): void {
  describe('retention', () => {
    let indices: TestIndices;
    let store: ElasticsearchStore;
    beforeEach(async () => {
      indices = server.fresh();
      store = await indices.open();
    });
    afterEach(() => indices.remove());

    const spanAt = (records: TestRecords, timeMs: number) =>
      records.span({ startTimeUnixNano: BigInt(timeMs) * 1_000_000n });
    const dataIndices = async () =>
      (await indices.names()).filter((name) => name.includes('-traces-'));

    it('drops the indices of whole days and counts what was in them', async () => {
      const records = new TestRecords();
      const days = [0, 1, 1, 2].map((day) => spanAt(records, testNowMs - day * dayMs));
      const message = records.message(days);
      await store.apply([message]);
      expect(await store.retain(testNowMs - dayMs / 2, 0)).toBe(3);
      expect(await dataIndices()).toEqual([`${indices.prefix}-g1-traces-2026.01.05`]);
      const counts = [{ rows: 1, retired: 3 }];
      expect(await store.rowCounts(allMinutes)).toMatchObject(counts);
      // A redelivery of what is gone does not bring it back.
      expect((await store.apply([message]))[0]?.records).toEqual(
        days.map(() => ({ status: 'stored' })),
      );
      expect(await store.rowCounts(allMinutes)).toMatchObject(counts);
    });

    it('hides at once what lies before the time, within a day that stays', async () => {
      const records = new TestRecords();
      const [old, young] = [spanAt(records, testNowMs - 3_600_000), spanAt(records, testNowMs)];
      await store.apply([records.message([old, young])]);
      expect(await store.retain(testNowMs - 60_000, 0)).toBe(1);
      const range = { ...testRange, fromMs: testNowMs - dayMs };
      const { items } = await store.findTraces(range);
      expect(items.map(({ traceId }) => traceId)).toEqual([young.traceId]);
      expect(await dataIndices()).toHaveLength(1);
      // The index goes when all of its day lies before the time, and nothing is counted twice.
      expect(await store.retain(testNowMs + dayMs, 0)).toBe(1);
      expect(await dataIndices()).toEqual([]);
      expect(await store.rowCounts(allMinutes)).toMatchObject([{ rows: 0, retired: 2 }]);
    });

    it('counts once what it had counted before it crashed', async () => {
      const records = new TestRecords();
      const old = spanAt(records, testNowMs - dayMs);
      await store.apply([records.message([old, spanAt(records, testNowMs)])]);
      const index = `${indices.prefix}-g1-traces-2026.01.04`;
      const settings = (await server.request('GET', `${index}/_settings`)) as {
        [index]: { settings: { index: { uuid: string } } };
      };
      const source = settings[index]?.settings.index.uuid;
      // What the crashed process did: it noted, and did not come to drop the index.
      const minute = testNowMs / 60_000;
      const note = {
        entry: 'retired',
        tenant: 'acme',
        signal: 'traces',
        minute,
        retired: 1,
        source,
      };
      await server.request('POST', `${indices.prefix}-g1-account-2026.01.05/_doc`, note);
      expect(await store.rowCounts(allMinutes)).toMatchObject([{ rows: 2, retired: 0 }]);
    });

    it('sweeps away generations that nobody uses', async () => {
      const records = new TestRecords();
      await store.apply([records.message([records.span()])]);
      await store.reset();
      const stray = `${indices.prefix}-g1-traces-2026.01.05`;
      await server.request('PUT', stray);
      await store.retain(0);
      expect(await indices.names()).toEqual([`${indices.prefix}-state`]);
    });
  });
}
