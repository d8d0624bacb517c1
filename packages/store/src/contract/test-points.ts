/** Data points of every metric type for the contract suites. */
import type { Exemplar, MetricPoint } from '@spillway/otlp';

type MetricType = MetricPoint['metric']['type'];
type Values = Pick<
  MetricPoint,
  | 'value'
  | 'count'
  | 'sum'
  | 'min'
  | 'max'
  | 'bucketCounts'
  | 'explicitBounds'
  | 'scale'
  | 'zeroCount'
  | 'zeroThreshold'
  | 'positive'
  | 'negative'
  | 'quantiles'
>;

/** Every type of metric, for tests. */
export const metricTypes: readonly MetricType[] = [
  'gauge',
  'sum',
  'histogram',
  'exponential_histogram',
  'summary',
];

export interface PointSeed {
  n: number;
  timeUnixNano: bigint;
  traceId: string;
  spanId: string;
}

/** Without key, resource and scope, which the caller gives. */
export function testPoint(
  type: MetricType,
  seed: PointSeed,
): Omit<MetricPoint, 'resource' | 'scope'> {
  const summed = type === 'sum' || type === 'histogram' || type === 'exponential_histogram';
  return {
    signal: 'metrics',
    key: '',
    index: 0,
    seriesKey: '',
    metric: {
      name: `shop.${type}`,
      description: 'For the tests',
      unit: 'ms',
      type,
      temporality: summed ? 2 : 0,
      monotonic: type === 'sum',
      metadata: [{ key: 'owner', value: { stringValue: 'shop' } }],
    },
    attributes: [
      { key: 'http.route', value: { stringValue: '/api/carts/{id}' } },
      { key: 'http.response.status_code', value: { intValue: '200' } },
    ],
    startTimeUnixNano: seed.timeUnixNano - 60_000_000_000n,
    timeUnixNano: seed.timeUnixNano,
    flags: 0,
    ...none,
    ...valuesOf[type](seed.n),
    exemplars: type === 'summary' ? [] : [exemplar(seed)],
  };
}

const none: Values = {
  value: undefined,
  count: undefined,
  sum: undefined,
  min: undefined,
  max: undefined,
  bucketCounts: undefined,
  explicitBounds: undefined,
  scale: undefined,
  zeroCount: undefined,
  zeroThreshold: undefined,
  positive: undefined,
  negative: undefined,
  quantiles: undefined,
};

const valuesOf: Record<MetricType, (n: number) => Partial<Values>> = {
  gauge: (n) => ({ value: { double: n / 8 } }),
  sum: (n) => ({ value: { int: BigInt(n) } }),
  histogram: (n) => ({
    count: BigInt(n + 3),
    sum: n * 1.5,
    min: 0.25,
    max: n + 1,
    bucketCounts: [1n, BigInt(n), 2n],
    explicitBounds: [1, 10],
  }),
  exponential_histogram: (n) => ({
    count: BigInt(n + 4),
    sum: n * 2.5,
    min: undefined,
    max: n,
    scale: 3,
    zeroCount: 1n,
    zeroThreshold: 0.001,
    positive: { offset: -2, bucketCounts: [1n, BigInt(n), 0n, 1n] },
    negative: { offset: 0, bucketCounts: [1n] },
  }),
  summary: (n) => ({
    count: BigInt(n),
    sum: n * 3.5,
    quantiles: [
      { quantile: 0.5, value: n / 2 },
      { quantile: 0.99, value: n },
    ],
  }),
};

function exemplar(seed: PointSeed): Exemplar {
  return {
    timeUnixNano: seed.timeUnixNano - 5n,
    value: { double: seed.n + 0.5 },
    spanId: seed.spanId,
    traceId: seed.traceId,
    filteredAttributes: [{ key: 'user.tier', value: { stringValue: 'gold' } }],
  };
}
