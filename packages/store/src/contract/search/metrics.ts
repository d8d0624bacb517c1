import { describe, expect, test } from 'vitest';
import type { MetricQuery } from '../../search/search-reader.ts';
import { TestRecords, testNowMs } from '../test-records.ts';
import { text } from '../test-values.ts';
import { type SearchStoreUnderTest, testRange } from './harness.ts';
import { PointMaker } from './point-maker.ts';

const stepMs = 10_000;
const query: MetricQuery = {
  tenant: 'acme',
  fromMs: testNowMs,
  toMs: testNowMs + 3 * stepMs,
  name: 'm',
  groupBy: [],
  agg: 'avg',
  stepMs,
  seriesMax: 50,
};

export function describeSearchMetrics({ reader, apply }: SearchStoreUnderTest): void {
  /** The values of the only series, or of each series by the one label that is asked for. */
  const values = async (over: Partial<MetricQuery>) => {
    const { series } = await reader().queryMetric({ ...query, ...over });
    return series.map(({ points }) => points.map(([, value]) => value));
  };

  describe('metrics', () => {
    test('are listed with what is needed to ask for them', async () => {
      const records = new TestRecords();
      await apply(records.message([records.point('histogram'), records.point('gauge')]));
      const [gauge, histogram] = await reader().metrics({ ...testRange });
      expect(gauge?.name).toBe('shop.gauge');
      expect(histogram).toEqual({
        name: 'shop.histogram',
        description: 'For the tests',
        unit: 'ms',
        type: 'histogram',
        temporality: 2,
        monotonic: false,
        services: ['checkout'],
        attributeKeys: ['http.response.status_code', 'http.route'],
      });
      expect(await reader().metrics({ ...testRange, search: 'GAU' })).toHaveLength(1);
      expect(await reader().metrics({ ...testRange, toMs: testNowMs - 1 })).toEqual([]);
    });

    test('a gauge is averaged, bounded and counted over its points', async () => {
      const maker = new PointMaker({ type: 'gauge' });
      await apply(
        maker.message([maker.number(0, 1), maker.number(5, 4), maker.number(20, -2)]),
        maker.message([maker.number(6, 7, [text('host', 'b')])]),
      );
      expect(await values({ agg: 'avg' })).toEqual([[4, null, -2]]);
      expect(await values({ agg: 'min' })).toEqual([[1, null, -2]]);
      expect(await values({ agg: 'max' })).toEqual([[7, null, -2]]);
      expect(await values({ agg: 'count' })).toEqual([[3, null, 1]]);
      expect(await values({ agg: 'last' })).toEqual([[7, null, -2]]);
      // The last value of each series.
      expect(await values({ agg: 'sum' })).toEqual([[11, null, -2]]);
    });

    test('a cumulative sum has a rate that knows resets', async () => {
      const maker = new PointMaker({ type: 'sum', temporality: 2, monotonic: true });
      const startMs = testNowMs - 3_600_000;
      const at = (s: number, n: number, start = startMs) => maker.number(s, n, [], start);
      // 50 was reached before the range; at 22 s the process had restarted.
      await apply(
        maker.message([
          at(-5, 50),
          at(5, 70),
          at(9, 80),
          at(15, 100),
          at(25, 30, testNowMs + 22_000),
        ]),
      );
      expect(await values({ agg: 'rate' })).toEqual([[3, 2, 3]]);
      expect(await values({ agg: 'last' })).toEqual([[80, 100, 30]]);
    });

    test('a counter that falls without a new start was reset, too', async () => {
      const maker = new PointMaker({ type: 'sum', temporality: 2, monotonic: true });
      const startMs = testNowMs - 3_600_000;
      const at = (s: number, n: number) => maker.number(s, n, [], startMs);
      await apply(maker.message([at(-5, 50), at(5, 70), at(15, 40)]));
      expect(await values({ agg: 'rate' })).toEqual([[2, 4, null]]);
    });

    test('a delta sum adds up', async () => {
      const maker = new PointMaker({ type: 'sum', temporality: 1, monotonic: true });
      await apply(maker.message([maker.number(1, 10), maker.number(2, 20), maker.number(12, 5)]));
      expect(await values({ agg: 'sum' })).toEqual([[30, 5, null]]);
      expect(await values({ agg: 'rate' })).toEqual([[3, 0.5, null]]);
    });

    test('series are distinguished by attributes and service, the largest first', async () => {
      const maker = new PointMaker({ type: 'gauge' });
      const hosts = ['a', 'b', 'c'].map((host, i) =>
        maker.number(1, (i + 1) * 10, [text('host', host)]),
      );
      await apply(maker.message(hosts));
      const answer = await reader().queryMetric({
        ...query,
        groupBy: ['host', 'service'],
        seriesMax: 2,
      });
      expect(answer.series.map(({ labels }) => labels)).toEqual([
        { host: 'c', service: 'checkout' },
        { host: 'b', service: 'checkout' },
      ]);
      expect(answer.seriesDropped).toBe(1);
      expect(answer.series[0]?.points).toEqual([
        [testNowMs, 30],
        [testNowMs + stepMs, null],
        [testNowMs + 2 * stepMs, null],
      ]);
      expect(await values({ attributes: { host: 'b' } })).toEqual([[20, null, null]]);
      expect(await values({ service: 'absent' })).toEqual([]);
      const absent = await reader().queryMetric({ ...query, groupBy: ['absent'] });
      expect(absent.series.map(({ labels }) => labels)).toEqual([{ absent: '' }]);
    });

    test.each([1, 2])('percentiles of explicit buckets, temporality %i', async (temporality) => {
      const maker = new PointMaker({ type: 'histogram', temporality });
      const isDelta = temporality === 1;
      const at = (s: number, counts: bigint[]) =>
        maker.point(s, {
          count: counts.reduce((a, b) => a + b),
          sum: 10 * Number(counts.reduce((a, b) => a + b)),
          bucketCounts: counts,
          explicitBounds: [10, 20],
        });
      const second = isDelta ? [0n, 10n, 0n] : [100n, 110n, 0n];
      await apply(
        maker.message([
          at(-20, [100n, 0n, 0n]),
          at(1, isDelta ? [0n, 100n, 0n] : [100n, 100n, 0n]),
          at(11, second),
        ]),
      );
      expect(await values({ agg: 'p50' })).toEqual([[15, 15, null]]);
      expect(await values({ agg: 'count' })).toEqual([[100, 10, null]]);
      expect(await values({ agg: 'rate' })).toEqual([[10, 1, null]]);
      expect(await values({ agg: 'avg' })).toEqual([[10, 10, null]]);
      expect(await values({ agg: 'sum' })).toEqual([[1_000, 100, null]]);
    });

    test('percentiles of exponential buckets, also when the scale changes', async () => {
      const maker = new PointMaker({ type: 'exponential_histogram', temporality: 2 });
      const at = (s: number, scale: number, offset: number, bucketCounts: bigint[]) =>
        maker.point(s, {
          count: bucketCounts.reduce((a, b) => a + b),
          sum: 1,
          scale,
          zeroCount: 0n,
          zeroThreshold: 0,
          positive: { offset, bucketCounts },
          negative: { offset: 0, bucketCounts: [] },
        });
      // Scale 1 has bounds of powers of the root of 2: [4, 5.66) and [5.66, 8) become [4, 16) at -1.
      await apply(
        maker.message([at(-5, 1, 4, [8n, 8n]), at(5, 0, 2, [16n, 100n]), at(15, -1, 1, [126n])]),
      );
      const [series] = await values({ agg: 'p50' });
      expect(series?.[0]).toBeGreaterThanOrEqual(8);
      expect(series?.[0]).toBeLessThanOrEqual(16);
      expect(series?.[1]).toBeGreaterThanOrEqual(4);
      expect(series?.[1]).toBeLessThanOrEqual(16);
      expect(await values({ agg: 'count' })).toEqual([[100, 10, null]]);
    });

    test('a point without a recorded value is left out', async () => {
      const maker = new PointMaker({ type: 'gauge' });
      await apply(maker.message([maker.number(1, 5), { ...maker.number(2, 0), flags: 1 }]));
      expect(await values({ agg: 'min' })).toEqual([[5, null, null]]);
    });

    test('exemplars with a trace id come with their labels', async () => {
      const records = new TestRecords();
      const point = records.point('histogram');
      const [exemplar] = point.exemplars;
      if (!exemplar) throw new Error('no exemplar');
      point.exemplars.push({ ...exemplar, traceId: '', spanId: '' });
      await apply(records.message([point]));
      const asked = { ...query, name: 'shop.histogram', groupBy: ['http.route'] };
      expect((await reader().queryMetric(asked)).exemplars).toEqual([
        {
          timeMs: Number(exemplar.timeUnixNano / 1_000_000n),
          value: 1.5,
          traceId: exemplar.traceId,
          spanId: exemplar.spanId,
          labels: { 'http.route': '/api/carts/{id}' },
        },
      ]);
    });

    test('points come in pages, oldest first', async () => {
      const maker = new PointMaker({ type: 'gauge' });
      const points = Array.from({ length: 11 }, (_, i) => maker.number(i / 2, i));
      await apply(maker.message([...points].reverse()));
      const seen: unknown[] = [];
      let cursor: string | undefined;
      do {
        const page = await reader().points({ ...testRange, name: 'm', limit: 4, cursor });
        seen.push(...page.items.map(({ value }) => value));
        cursor = page.cursor;
      } while (cursor !== undefined);
      expect(seen).toEqual(points.map(({ value }) => value));
    });
  });
}
