import { describe, expect, test } from 'vitest';
import type { TraceQuery } from '../../search/search-reader.ts';
import { TestRecords, testNowMs } from '../test-records.ts';
import { int, text } from '../test-values.ts';
import { type SearchStoreUnderTest, testRange } from './harness.ts';

const second = 1_000_000_000n;

export function describeSearchTraces({ reader, apply }: SearchStoreUnderTest): void {
  const idsFor = async (query: Partial<TraceQuery>) =>
    (await reader().findTraces({ ...testRange, ...query })).items.map(({ traceId }) => traceId);

  describe('traces', () => {
    test('a summary is of the whole trace, named by its root', async () => {
      const records = new TestRecords();
      const spans = records.trace(['web', 'cart', 'db']);
      const [root, , leaf] = spans as [(typeof spans)[0], (typeof spans)[0], (typeof spans)[0]];
      root.name = 'GET /';
      root.endTimeUnixNano = root.startTimeUnixNano + 2n * second;
      leaf.statusCode = 2;
      // The root comes last, as it does in life.
      await apply(records.message([leaf, ...spans.slice(0, 2).reverse()]));
      expect((await reader().findTraces({ ...testRange, service: 'db' })).items).toEqual([
        {
          traceId: root.traceId,
          rootService: 'web',
          rootOperation: 'GET /',
          startTimeUnixNano: String(root.startTimeUnixNano),
          durationNano: 2_000_000_000,
          spans: 3,
          errors: 1,
          services: ['cart', 'db', 'web'],
        },
      ]);
    });

    test('a trace without its root is named by its earliest span', async () => {
      const records = new TestRecords();
      const [, cart, db] = records.trace(['web', 'cart', 'db']);
      if (cart && db) await apply(records.message([db, cart]));
      const { items } = await reader().findTraces(testRange);
      expect(items).toMatchObject([{ rootService: 'cart', spans: 2 }]);
    });

    test('service, operation and attributes are looked for in one span', async () => {
      const records = new TestRecords();
      const [web, cart] = records.trace(['web', 'cart']);
      if (!web || !cart) throw new Error('no spans');
      web.name = 'GET /';
      cart.name = 'load';
      cart.attributes = [
        text('user', 'ann'),
        int('size', 3),
        { key: 'deep', value: { kvlistValue: { values: [text('hidden', 'yes')] } } },
      ];
      await apply(records.message([web, cart]), records.message([records.span()]));
      const found = [web.traceId];
      expect(await idsFor({ service: 'cart', operation: 'load' })).toEqual(found);
      expect(await idsFor({ service: 'web', operation: 'load' })).toEqual([]);
      expect(await idsFor({ attributes: { user: 'ann', size: '3' } })).toEqual(found);
      expect(await idsFor({ service: 'web', attributes: { user: 'ann' } })).toEqual([]);
      expect(await idsFor({ attributes: { user: 'an' } })).toEqual([]);
      expect(await idsFor({ attributes: { hidden: 'yes' } })).toEqual([]);
      expect(await idsFor({ attributes: { 'service.name': 'cart' } })).toEqual(found);
      expect(await idsFor({ attributes: { "o'brien": "x'; DROP TABLE span" } })).toEqual([]);
    });

    test('status and duration are those of the trace', async () => {
      const records = new TestRecords();
      const [slow, failed] = [records.trace(['web', 'cart']), records.trace(['web', 'cart'])];
      const lastSlow = slow[1];
      const lastFailed = failed[1];
      if (!lastSlow || !lastFailed) throw new Error('no spans');
      lastSlow.endTimeUnixNano = lastSlow.startTimeUnixNano + 3n * second;
      lastFailed.statusCode = 2;
      await apply(records.message([...slow, ...failed]));
      const [slowIds, failedIds] = [[lastSlow.traceId], [lastFailed.traceId]];
      expect(await idsFor({ minDurationMs: 1_000 })).toEqual(slowIds);
      expect(await idsFor({ maxDurationMs: 1_000 })).toEqual(failedIds);
      expect(await idsFor({ status: 'error', service: 'web' })).toEqual(failedIds);
      expect(await idsFor({ status: 'ok' })).toEqual(slowIds);
    });

    test('pages go from the newest to the oldest and meet every trace once', async () => {
      const records = new TestRecords();
      const spans = Array.from({ length: 25 }, (_, i) =>
        records.span({
          // Several begin in the same millisecond, and they spread over a day.
          startTimeUnixNano: BigInt(testNowMs - Math.floor(i / 3) * 10_000_000) * 1_000_000n,
        }),
      );
      await apply(records.message(spans));
      const range = { ...testRange, fromMs: testNowMs - 86_400_000, limit: 4 };
      const seen: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await reader().findTraces({ ...range, cursor });
        expect(page.items.length).toBeLessThanOrEqual(4);
        seen.push(...page.items.map(({ traceId }) => traceId));
        cursor = page.cursor;
      } while (cursor !== undefined);
      const startOf = new Map(spans.map((span) => [span.traceId, span.startTimeUnixNano]));
      expect(new Set(seen).size).toBe(25);
      expect(seen).toHaveLength(25);
      const starts = seen.map((traceId) => startOf.get(traceId) ?? 0n);
      expect(starts).toEqual([...starts].sort((a, b) => (a < b ? 1 : a > b ? -1 : 0)));
    });

    test('the range takes its begin and leaves out its end', async () => {
      const records = new TestRecords();
      await apply(
        records.message([records.span({ startTimeUnixNano: BigInt(testNowMs) * 1_000_000n })]),
      );
      expect(await idsFor({ fromMs: testNowMs, toMs: testNowMs + 1 })).toHaveLength(1);
      expect(await idsFor({ fromMs: testNowMs - 1, toMs: testNowMs })).toHaveLength(0);
    });

    test('a cursor of another making is refused', async () => {
      for (const cursor of ['', 'nonsense', Buffer.from('["1"]').toString('base64url')]) {
        await expect(idsFor({ cursor })).rejects.toMatchObject({ code: 'invalid-query' });
      }
    });

    test('the spans of a trace come by start time, and a wrong id finds nothing', async () => {
      const records = new TestRecords();
      const spans = records.trace(['web', 'cart', 'db']);
      await apply(records.message([...spans].reverse()));
      const trace = await reader().trace('acme', spans[0]?.traceId ?? '');
      expect(trace?.spans.map(({ service }) => service)).toEqual(['web', 'cart', 'db']);
      for (const id of ['', 'x', 'g'.repeat(32), 'a'.repeat(32)]) {
        expect(await reader().trace('acme', id)).toBeUndefined();
      }
    });
  });

  describe('services', () => {
    test('are counted by server, consumer and root spans', async () => {
      const records = new TestRecords();
      const resource = records.resource('cart');
      const child = { resource, parentSpanId: 'a'.repeat(16) };
      const spans = [
        records.span({ resource, kind: 2, name: 'GET', statusCode: 2 }),
        records.span({ ...child, kind: 2, name: 'GET' }),
        records.span({ ...child, kind: 5, name: 'take' }),
        records.span({ resource, kind: 1, name: 'job' }),
        records.span({ ...child, kind: 3, name: 'call' }),
        records.span({ ...child, kind: 1, name: 'inner' }),
        records.span({ ...child, resource: records.resource('idle'), kind: 1 }),
      ];
      await apply(records.message(spans));
      const services = await reader().services(testRange);
      expect(services.map(({ service }) => service)).toEqual(['cart', 'idle']);
      const [cart, idle] = services;
      expect(cart?.ratePerSecond).toBeCloseTo(4 / 120);
      expect(cart?.errorRatio).toBe(0.25);
      expect(cart?.p50Ms).toBeCloseTo(12.345, 0);
      expect(cart?.sparkline.reduce((a, b) => a + b)).toBe(4);
      expect(cart?.lastSeenMs).toBe(Number((spans[5]?.startTimeUnixNano ?? 0n) / 1_000_000n));
      expect(idle).toMatchObject({ ratePerSecond: 0, errorRatio: 0, p99Ms: 0 });

      const operations = await reader().operations({ ...testRange, service: 'cart' });
      expect(operations.map(({ operation, kind }) => [operation, kind])).toEqual([
        ['GET', 2],
        ['job', 1],
        ['take', 5],
      ]);
      expect(operations[0]).toMatchObject({ errorRatio: 0.5 });
    });
  });

  test('no query answers for another tenant', async () => {
    const records = new TestRecords();
    const span = records.span();
    await apply(records.message([span]), records.message([records.log()]));
    await apply(records.message([records.point('sum')]));
    const theirs = { ...testRange, tenant: 'umbrella' };
    const metric = { ...theirs, name: 'shop.sum' };
    const none = { items: [], cursor: undefined };
    expect(await reader().findTraces(theirs)).toEqual(none);
    expect(await reader().trace('umbrella', span.traceId)).toBeUndefined();
    expect(await reader().findLogs(theirs)).toEqual(none);
    expect(
      await reader().findLogs({ ...theirs, attributes: { 'service.name': 'checkout' } }),
    ).toEqual(none);
    const bars = await reader().logHistogram({ ...theirs, bars: 2 });
    expect(bars.flatMap(({ counts }) => Object.values(counts))).toEqual([]);
    expect(await reader().metrics(theirs)).toEqual([]);
    expect(await reader().points(metric)).toEqual(none);
    const answer = await reader().queryMetric({
      ...metric,
      agg: 'sum',
      groupBy: [],
      stepMs: 1_000,
      seriesMax: 5,
    });
    expect(answer).toEqual({ info: undefined, series: [], seriesDropped: 0, exemplars: [] });
    expect(await reader().services(theirs)).toEqual([]);
    expect(await reader().operations({ ...theirs, service: 'checkout' })).toEqual([]);
  });
}
