import type { Exemplar, KeyValue, Metric, MetricPoint, SpanRecord } from '@spillway/otlp';
import { double, int, text } from './attributes.ts';
import type { Random } from './random.ts';
import type { Service } from './services.ts';

export interface PointOptions {
  service: Service;
  /** The span that an exemplar may point at. */
  span: SpanRecord | undefined;
  timeUnixNano: bigint;
  /** Place among all points, from 0: it chooses the metric. */
  sequence: number;
}

const cumulative = 2;
const delta = 1;
const boundsS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

const metrics: readonly Metric[] = [
  metric('system.cpu.utilization', 'gauge', '1', 'Share of the CPU in use'),
  metric('shop.orders', 'sum', '{order}', 'Orders taken', cumulative, true),
  metric(
    'http.server.request.duration',
    'histogram',
    's',
    'Duration of HTTP server requests',
    cumulative,
  ),
  metric(
    'db.client.operation.duration',
    'exponential_histogram',
    's',
    'Duration of database client operations',
    delta,
  ),
  metric('rpc.server.latency', 'summary', 'ms', 'Latency of calls, summed up by an old library'),
];

/** Points of every kind of metric, one series per service and metric, which grow as they should. */
export class PointSource {
  readonly #random: Random;
  readonly #startUnixNano: bigint;
  /** State of the cumulative series: one number per service. */
  readonly #orders = new Map<Service, bigint>();
  readonly #durations = new Map<Service, Distribution>();

  constructor(random: Random, startUnixNano: bigint) {
    this.#random = random;
    this.#startUnixNano = startUnixNano;
  }

  create(options: PointOptions): MetricPoint {
    const { service, span, timeUnixNano, sequence } = options;
    const kind = metrics[sequence % metrics.length] as Metric;
    return {
      signal: 'metrics',
      key: '',
      index: 0,
      seriesKey: '',
      resource: service.resource,
      scope: service.scope,
      metric: kind,
      attributes: attributesOf(kind, service),
      startTimeUnixNano: kind.type === 'gauge' ? 0n : this.#startUnixNano,
      timeUnixNano,
      flags: 0,
      ...none,
      ...this.#values(kind, service, span && durationS(span)),
      exemplars: span && hasExemplars(kind) ? [exemplarOf(span)] : [],
    };
  }

  #values({ type }: Metric, service: Service, spanS: number | undefined): Partial<Values> {
    const random = this.#random;
    if (type === 'gauge') return { value: { double: random.between(0.05, 0.95) } };
    if (type === 'sum') {
      const total = (this.#orders.get(service) ?? 0n) + BigInt(random.below(20));
      this.#orders.set(service, total);
      return { value: { int: total } };
    }
    const durations = Array.from({ length: 20 }, () => random.latency(0.06));
    if (spanS !== undefined) durations.push(spanS);
    if (type === 'histogram') return this.#histogram(service, durations);
    return type === 'summary' ? summary(durations) : exponential(durations);
  }

  #histogram(service: Service, durations: readonly number[]): Partial<Values> {
    const known = this.#durations.get(service) ?? new Distribution(boundsS);
    this.#durations.set(service, known);
    for (const duration of durations) known.add(duration);
    return known.values();
  }
}

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

class Distribution {
  readonly #bounds: readonly number[];
  readonly #counts: bigint[];
  #count = 0n;
  #sum = 0;
  #min = Number.POSITIVE_INFINITY;
  #max = Number.NEGATIVE_INFINITY;

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#counts = new Array(bounds.length + 1).fill(0n);
  }

  add(value: number): void {
    const found = this.#bounds.findIndex((bound) => value <= bound);
    const bucket = found < 0 ? this.#bounds.length : found;
    this.#counts[bucket] = (this.#counts[bucket] as bigint) + 1n;
    this.#count += 1n;
    this.#sum += value;
    this.#min = Math.min(this.#min, value);
    this.#max = Math.max(this.#max, value);
  }

  values(): Partial<Values> {
    return {
      count: this.#count,
      sum: this.#sum,
      min: this.#min,
      max: this.#max,
      bucketCounts: [...this.#counts],
      explicitBounds: [...this.#bounds],
    };
  }
}

/** Scale 2: four buckets to a doubling; the bucket of `value` is ceil(log2(value) · 4) − 1. */
function exponential(durations: readonly number[]): Partial<Values> {
  const scale = 2;
  const buckets = durations.map((value) => Math.ceil(Math.log2(value) * 2 ** scale) - 1);
  const offset = Math.min(...buckets);
  const bucketCounts = new Array<bigint>(Math.max(...buckets) - offset + 1).fill(0n);
  for (const bucket of buckets) {
    bucketCounts[bucket - offset] = (bucketCounts[bucket - offset] as bigint) + 1n;
  }
  return {
    count: BigInt(durations.length),
    sum: sumOf(durations),
    min: Math.min(...durations),
    max: Math.max(...durations),
    scale,
    zeroCount: 0n,
    zeroThreshold: 0,
    positive: { offset, bucketCounts },
    negative: { offset: 0, bucketCounts: [] },
  };
}

function summary(durations: readonly number[]): Partial<Values> {
  const sorted = durations.map((value) => value * 1000).sort((a, b) => a - b);
  const at = (quantile: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(quantile * sorted.length))] as number;
  return {
    count: BigInt(sorted.length),
    sum: sumOf(sorted),
    quantiles: [0, 0.5, 0.99, 1].map((quantile) => ({ quantile, value: at(quantile) })),
  };
}

function attributesOf({ type }: Metric, service: Service): KeyValue[] {
  const route = service.routes[0];
  if (type === 'gauge') return [int('cpu.logical_number', 0), text('cpu.mode', 'user')];
  if (type === 'sum') return [text('shop.currency', 'EUR')];
  if (type === 'exponential_histogram') return [text('db.system.name', 'postgresql')];
  return [
    text('http.request.method', route?.method ?? 'GET'),
    text('http.route', route?.template ?? '/'),
    int('http.response.status_code', 200),
  ];
}

function exemplarOf(span: SpanRecord): Exemplar {
  return {
    timeUnixNano: span.endTimeUnixNano,
    value: { double: durationS(span) },
    spanId: span.spanId,
    traceId: span.traceId,
    filteredAttributes: [double('shop.load', 0.5)],
  };
}

function hasExemplars({ type }: Metric): boolean {
  return type === 'histogram' || type === 'exponential_histogram';
}

function durationS({ startTimeUnixNano, endTimeUnixNano }: SpanRecord): number {
  return Number(endTimeUnixNano - startTimeUnixNano) / 1e9;
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

function metric(
  name: string,
  type: Metric['type'],
  unit: string,
  description: string,
  temporality = 0,
  monotonic = false,
): Metric {
  return { name, type, unit, description, temporality, monotonic, metadata: [] };
}
