import type { KeyValue, MetricPoint, SpanRecord } from '@spillway/otlp';
import { type TestRecords, text } from '@spillway/store/contract';
import { routes } from './shop-routes.ts';

export interface ShopPointsOptions {
  records: TestRecords;
  spans: readonly SpanRecord[];
  nowMs: number;
  minutes: number;
}

const bounds = [25, 50, 100, 250, 500];

/** A cumulative histogram of the root spans per route, with exemplars, and a gauge. A minute apart. */
export function shopPoints(options: ShopPointsOptions): MetricPoint[] {
  const { records, spans, nowMs, minutes } = options;
  const roots = spans.filter((span) => span.parentSpanId === '');
  const gauges = minutesOf(options).map(({ minute, toMs }) => queueDepth(records, minute, toMs));
  const histograms = routes.flatMap(({ name }) => {
    const counts = Array<number>(bounds.length + 1).fill(0);
    let sum = 0;
    return minutesOf(options).map(({ fromMs, toMs }) => {
      const inMinute = roots.filter((span) => {
        const at = Number(span.startTimeUnixNano / 1_000_000n);
        return span.name === name && at >= fromMs && at < toMs;
      });
      for (const span of inMinute) {
        const bucket = bounds.findIndex((bound) => durationMs(span) <= bound);
        const index = bucket < 0 ? bounds.length : bucket;
        counts[index] = (counts[index] ?? 0) + 1;
        sum += durationMs(span);
      }
      const [slowest] = inMinute.toSorted((a, b) => durationMs(b) - durationMs(a));
      const attributes = [text('http.route', name.split(' ')[1] ?? '')];
      return histogram(records, {
        attributes,
        counts,
        sum,
        slowest,
        toMs,
        startMs: nowMs - minutes * 60_000,
      });
    });
  });
  return [...gauges, ...histograms];
}

function minutesOf({ nowMs, minutes }: ShopPointsOptions) {
  return Array.from({ length: minutes }, (_, i) => {
    const fromMs = nowMs - (minutes - i) * 60_000;
    return { minute: i, fromMs, toMs: fromMs + 60_000 };
  });
}

interface HistogramAt {
  attributes: KeyValue[];
  counts: readonly number[];
  sum: number;
  slowest: SpanRecord | undefined;
  startMs: number;
  toMs: number;
}

function histogram(records: TestRecords, at: HistogramAt): MetricPoint {
  const { attributes, counts, sum, slowest } = at;
  const base = records.point('histogram');
  const exemplar = slowest && {
    timeUnixNano: slowest.endTimeUnixNano,
    value: { double: durationMs(slowest) },
    traceId: slowest.traceId,
    spanId: slowest.spanId,
    filteredAttributes: [],
  };
  return records.point('histogram', {
    attributes,
    startTimeUnixNano: nano(at.startMs),
    timeUnixNano: nano(at.toMs - 1_000),
    resource: records.resource('frontend'),
    metric: {
      ...base.metric,
      name: 'http.server.request.duration',
      description: 'Duration of HTTP server requests',
    },
    count: BigInt(counts.reduce((a, b) => a + b, 0)),
    sum,
    min: undefined,
    max: undefined,
    bucketCounts: counts.map(BigInt),
    explicitBounds: bounds,
    exemplars: exemplar ? [exemplar] : [],
  });
}

function queueDepth(records: TestRecords, minute: number, toMs: number): MetricPoint {
  const base = records.point('gauge');
  return records.point('gauge', {
    startTimeUnixNano: 0n,
    timeUnixNano: nano(toMs - 1_000),
    resource: records.resource('email'),
    metric: { ...base.metric, name: 'email.queue.depth', unit: '{message}' },
    attributes: [text('queue', 'outgoing')],
    value: { double: Math.round(20 + 15 * Math.sin(minute / 5)) },
    exemplars: [],
  });
}

function durationMs(span: SpanRecord): number {
  return Number(span.endTimeUnixNano - span.startTimeUnixNano) / 1e6;
}

/** ms since the epoch to ns, to the microsecond. */
export function nano(ms: number): bigint {
  return BigInt(Math.round(ms * 1_000)) * 1_000n;
}
