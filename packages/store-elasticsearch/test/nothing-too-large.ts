import { cutMark } from '@spillway/store';
import { TestRecords, text } from '@spillway/store/contract';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ElasticsearchStore } from '../src/index.ts';
import { allMinutes, type TestIndices, type TestServer, testRange } from './harness.ts';

const mebibyte = 1_048_576;

export function describeNothingTooLarge(server: TestServer): void {
  describe('large values', () => {
    let indices: TestIndices;
    let store: ElasticsearchStore;
    beforeEach(async () => {
      indices = server.fresh();
      store = await indices.open({ bulkBytesMax: 16 * mebibyte });
    });
    afterEach(() => indices.remove());

    it('come back unchanged and are found', async () => {
      const records = new TestRecords();
      const long = `${'é'.repeat(mebibyte)} needle`;
      const span = records.span({ name: long, attributes: [text('long', long), text(long, 'x')] });
      const log = records.log({ body: { stringValue: long }, eventName: long });
      const [service] = [long.slice(0, 100_000)];
      const point = records.point('gauge', { resource: records.resource(service) });
      await store.apply([records.message([span]), records.message([log])]);
      await store.apply([records.message([point])]);
      await indices.refresh();
      const asked = { ...testRange, operation: long, attributes: { long, [long]: 'x' } };
      const { items } = await store.findTraces(asked);
      expect(items).toMatchObject([{ traceId: span.traceId, rootOperation: long }]);
      const trace = await store.trace('acme', span.traceId);
      expect(trace?.spans[0]?.attributes).toEqual(span.attributes);
      const logs = await store.findLogs({ ...testRange, query: 'NEEDLE' });
      expect(logs.items).toMatchObject([{ body: log.body, eventName: long }]);
      const points = await store.points({ ...testRange, name: 'shop.gauge' });
      expect(points.items).toMatchObject([{ service: expect.stringMatching(/^é+…[0-9a-f]{40}$/) }]);
    });

    it('are told apart where they differ at their end only', async () => {
      const records = new TestRecords();
      const long = 'x'.repeat(100_000);
      const [a, b] = ['a', 'b'].map((end) => records.span({ name: long + end }));
      if (!a || !b) throw new Error('no spans');
      await store.apply([records.message([a, b])]);
      await indices.refresh();
      const { items } = await store.findTraces({ ...testRange, operation: `${long}b` });
      expect(items.map(({ traceId }) => traceId)).toEqual([b.traceId]);
    });

    it('of a resource are not repeated in each document, and stay whole where they are short', async () => {
      const records = new TestRecords();
      const large = text('large', 'x'.repeat(mebibyte));
      const resource = records.resource('shop', [large, text('zone', 'b')]);
      const traceId = records.traceId(9_001);
      const spans = Array.from({ length: 1_000 }, () => records.span({ traceId, resource }));
      const [outcome] = await store.apply([records.message(spans)]);
      expect(new Set(outcome?.records.map(({ status }) => status))).toEqual(new Set(['stored']));
      await indices.refresh();
      const trace = await store.trace('acme', traceId);
      expect(trace?.spans).toHaveLength(1_000);
      const [span] = trace?.spans ?? [];
      const keys = span?.resource.attributes.map(({ key }) => key);
      expect(keys).toContain('zone');
      expect(keys).not.toContain('large');
      expect(keys?.at(-1)).toBe(cutMark);
      const { items } = await store.findTraces({ ...testRange, attributes: { zone: 'b' } });
      expect(items).toHaveLength(1);
    });

    it('too large for a request are dead letters before they are sent', async () => {
      const records = new TestRecords();
      const small = await indices.open({ bulkBytesMax: mebibyte });
      const large = records.log({ body: { stringValue: 'x'.repeat(2 * mebibyte) } });
      const [outcome] = await small.apply([records.message([records.log(), large])]);
      expect(outcome?.records).toMatchObject([{ status: 'stored' }, { code: 'too-large' }]);
    });

    it('too large for one request are sent in several', async () => {
      const records = new TestRecords();
      const large = () => records.span({ name: 'x'.repeat(2 * mebibyte) });
      const message = records.message([large(), large(), large(), large(), records.span()]);
      const [outcome] = await store.apply([message]);
      expect(new Set(outcome?.records.map(({ status }) => status))).toEqual(new Set(['stored']));
      expect(await store.rowCounts(allMinutes)).toMatchObject([{ rows: 5 }]);
    });

    it('too large for the server are dead letters, and their neighbours are stored', async () => {
      const records = new TestRecords();
      const huge = records.span({ name: 'x'.repeat(9 * mebibyte) });
      const message = records.message([records.span(), huge, records.span()]);
      const [outcome] = await store.apply([message]);
      expect(outcome?.records.map((record) => 'code' in record && record.code)).toEqual([
        false,
        'too-large',
        false,
      ]);
      expect(await store.rowCounts(allMinutes)).toMatchObject([{ rows: 2 }]);
    });

    it('do not make the mapping grow', async () => {
      const records = new TestRecords();
      const attributes = Array.from({ length: 2_000 }, (_, i) => text(`key.${i}`, String(i)));
      await store.apply([records.message([records.span({ attributes })])]);
      const index = `${indices.prefix}-g1-traces-2026.01.05`;
      const mapping = JSON.stringify(await server.request('GET', `${index}/_mapping`));
      expect(mapping).not.toContain('key.1');
      await indices.refresh();
      const found = await store.findTraces({ ...testRange, attributes: { 'key.1999': '1999' } });
      expect(found.items).toHaveLength(1);
    });
  });
}
