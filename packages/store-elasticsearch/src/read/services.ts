import type { estypes } from '@elastic/elasticsearch';
import type { OperationSummary, ServiceSummary, TimeRange } from '@spillway/store';
import { pageLimit, weigh } from '@spillway/store/search';
import { equals } from './filters.ts';
import { everyMs } from './find-logs.ts';
import type { Bucket, Reader } from './reader.ts';

interface RangeQuery extends TimeRange {
  tenant: string;
  limit: number;
}

const sparklineBuckets = 30;
/** SpanKind has six values; unknown numbers are kept. */
const kindsMax = 20;

/**
 * Figures of server and consumer spans, and roots of every kind: what a service was asked to do.
 */
const figures: Record<string, estypes.AggregationsAggregationContainer> = {
  errors: { filter: { term: { status_code: 2 } } },
  durations: {
    percentiles: { field: 'duration_ms', percents: [50, 95, 99], keyed: false },
  },
};
const lastSeen = { max: { field: '@timestamp' } };
const isRequest = { term: { request: true } };

/** Every service with a span in the range, the busiest first. */
export async function listServices(reader: Reader, query: RangeQuery): Promise<ServiceSummary[]> {
  const widthMs = Math.max(1, Math.ceil((query.toMs - query.fromMs) / sparklineBuckets));
  const sparkline = everyMs(widthMs, query.fromMs);
  const found = await reader.aggregate('traces', reader.inRange(query), {
    services: {
      terms: {
        field: 'service',
        size: pageLimit(query.limit),
        order: [{ requests: 'desc' }, { _key: 'asc' }],
      },
      aggs: { lastSeen, requests: { filter: isRequest, aggs: { ...figures, sparkline } } },
    },
  });
  const rows = (found?.services?.buckets ?? []).map((bucket) => {
    const requests = bucket.requests as Bucket;
    const bars = new Array<number>(sparklineBuckets).fill(0);
    for (const bar of (requests.sparkline as { buckets: Bucket[] }).buckets) {
      bars[Math.round((Number(bar.key) - Math.ceil(query.fromMs)) / widthMs)] = bar.doc_count;
    }
    const { value } = bucket.lastSeen as { value: number };
    return { service: bucket.key, ...summary(requests, value, query), sparkline: bars };
  });
  await reader.room.take(weigh(rows));
  return rows;
}

/** The requests of one service by operation and kind, the busiest first. */
export async function listOperations(
  reader: Reader,
  query: RangeQuery & { service: string },
): Promise<OperationSummary[]> {
  const limit = pageLimit(query.limit);
  const filter = [...reader.inRange(query), ...equals('service', query.service), isRequest];
  const found = await reader.aggregate('traces', filter, {
    operations: {
      terms: { field: 'name', size: limit },
      aggs: {
        kinds: { terms: { field: 'kind', size: kindsMax }, aggs: { lastSeen, ...figures } },
      },
    },
  });
  const rows = (found?.operations?.buckets ?? []).flatMap((operation) =>
    (operation.kinds as { buckets: Bucket<number>[] }).buckets.map((kind) => ({ operation, kind })),
  );
  rows.sort(
    (a, b) =>
      b.kind.doc_count - a.kind.doc_count ||
      (a.operation.key < b.operation.key ? -1 : a.operation.key > b.operation.key ? 1 : 0) ||
      a.kind.key - b.kind.key,
  );
  const summaries = rows.slice(0, limit).map(({ operation, kind }) => ({
    operation: operation.key,
    kind: kind.key,
    ...summary(kind, (kind.lastSeen as { value: number }).value, query),
  }));
  await reader.room.take(weigh(summaries));
  return summaries;
}

function summary(requests: Bucket<unknown>, lastSeenMs: number, { fromMs, toMs }: TimeRange) {
  const count = requests.doc_count;
  const errors = (requests.errors as Bucket).doc_count;
  const { values } = requests.durations as { values: { value: number | null }[] };
  const [p50Ms = 0, p95Ms = 0, p99Ms = 0] = values.map(({ value }) => value ?? 0);
  return {
    ratePerSecond: count / Math.max(1e-3, (toMs - fromMs) / 1000),
    errorRatio: count === 0 ? 0 : errors / count,
    p50Ms,
    p95Ms,
    p99Ms,
    lastSeenMs,
  };
}
