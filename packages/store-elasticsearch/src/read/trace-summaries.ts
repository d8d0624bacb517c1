import type { estypes } from '@elastic/elasticsearch';
import type { SpanView, TraceQuery, TraceSummary } from '@spillway/store';
import { weigh } from '@spillway/store/search';
import type { Hit } from '../client.ts';
import type { Bucket, Query, Reader } from './reader.ts';
import type { FoundTrace } from './trace-page.ts';

/** Spans of a found trace are counted this far outside the range that was asked for. */
export const traceReachMs = 3_600_000;
/** An answer of Elasticsearch has at most 65,536 buckets. */
const servicesMax = 100;
const tracesPerRequest = 100;

function ofTraces(reader: Reader, query: TraceQuery, traceIds: readonly string[]): Query[] {
  const { tenant, fromMs, toMs } = query;
  const range = { tenant, fromMs: fromMs - traceReachMs, toMs: toMs + traceReachMs };
  return [...reader.inRange(range), { terms: { trace_id: [...traceIds] } }];
}

/**
 * Measures traces: begin, duration, spans and errors; with `wanted`, only those with such a span.
 */
export async function measureTraces(
  reader: Reader,
  query: TraceQuery,
  { traceIds, wanted }: { traceIds: readonly string[]; wanted: Query[] | undefined },
): Promise<FoundTrace[]> {
  if (traceIds.length === 0) return [];
  const aggs = {
    begin: { min: { field: '@timestamp' } },
    start: { min: { field: 'start_us' } },
    end: { max: { field: 'end_us' } },
    errors: { filter: { term: { status_code: 2 } } },
    ...(wanted && { wanted: { filter: { bool: { filter: wanted } } } }),
  };
  const buckets = await byTrace(reader, query, { traceIds, aggs });
  const meant = wanted ? buckets.filter((each) => (each.wanted as Bucket).doc_count > 0) : buckets;
  return meant.map((bucket) => ({
    traceId: bucket.key,
    beginMs: numberOf(bucket.begin),
    durationUs: Math.max(0, numberOf(bucket.end) - numberOf(bucket.start)),
    spans: bucket.doc_count,
    errors: (bucket.errors as Bucket).doc_count,
  }));
}

export async function summariseTraces(
  reader: Reader,
  query: TraceQuery,
  found: readonly FoundTrace[],
): Promise<TraceSummary[]> {
  const summaries: TraceSummary[] = [];
  for (let from = 0; from < found.length; from += tracesPerRequest) {
    const some = found.slice(from, from + tracesPerRequest);
    const more = await summariseSome(reader, query, some);
    await reader.room.take(weigh(more));
    summaries.push(...more);
  }
  return summaries;
}

async function summariseSome(
  reader: Reader,
  query: TraceQuery,
  found: readonly FoundTrace[],
): Promise<TraceSummary[]> {
  const traceIds = found.map(({ traceId }) => traceId);
  const buckets = await byTrace(reader, query, {
    traceIds,
    aggs: {
      services: { terms: { field: 'service', size: servicesMax, order: { _key: 'asc' } } },
      root: firstBy([
        { root: 'desc' },
        { '@timestamp': 'asc' },
        { start_us: 'asc' },
        { start_ns: 'asc' },
        { span_id: 'asc' },
      ]),
      first: firstBy([{ start_us: 'asc' }, { start_ns: 'asc' }]),
      last: firstBy([{ end_us: 'desc' }, { end_ns: 'desc' }]),
    },
  });
  const details = new Map(buckets.map((bucket) => [bucket.key as string, bucket]));
  return found.flatMap((trace) => {
    const bucket = details.get(trace.traceId);
    return bucket ? [summary(trace, bucket)] : [];
  });
}

function summary({ traceId, spans, errors }: FoundTrace, bucket: Bucket): TraceSummary {
  const root = spanOf(bucket.root);
  const start = BigInt(spanOf(bucket.first).startTimeUnixNano);
  const end = BigInt(spanOf(bucket.last).endTimeUnixNano);
  return {
    traceId,
    rootService: root.service,
    rootOperation: root.name,
    startTimeUnixNano: String(start),
    durationNano: end > start ? Number(end - start) : 0,
    spans,
    errors,
    services: (bucket.services as { buckets: Bucket[] }).buckets.map(({ key }) => key),
  };
}

async function byTrace(
  reader: Reader,
  query: TraceQuery,
  {
    traceIds,
    aggs,
  }: {
    traceIds: readonly string[];
    aggs: Record<string, estypes.AggregationsAggregationContainer>;
  },
): Promise<Bucket[]> {
  const terms = { field: 'trace_id', size: traceIds.length };
  const found = await reader.aggregate('traces', ofTraces(reader, query, traceIds), {
    traces: { terms, aggs },
  });
  return found?.traces?.buckets ?? [];
}

function firstBy(sort: Record<string, 'asc' | 'desc'>[]) {
  const fields = ['service', 'name', 'startTimeUnixNano', 'endTimeUnixNano'];
  return { top_hits: { size: 1, sort, _source: fields.map((field) => `exact.${field}`) } };
}

function spanOf(aggregation: unknown): SpanView {
  const { hits } = aggregation as { hits: { hits: Hit[] } };
  return hits.hits[0]?._source?.exact as SpanView;
}

function numberOf(aggregation: unknown): number {
  return (aggregation as { value: number }).value;
}
