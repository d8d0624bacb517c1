import type { Page, TraceQuery, TraceSummary } from '@spillway/store';
import { pageLimit, readCursor, writeCursor } from '@spillway/store/search';
import type { Hit } from '../client.ts';
import { equals, hasAttributes, sortValues } from './filters.ts';
import type { Query, Reader } from './reader.ts';
import { columnsOnly } from './reader.ts';
import { BestTraces, type FoundTrace, type TracePlace, type Walk } from './trace-page.ts';
import { measureTraces, summariseTraces, traceReachMs } from './trace-summaries.ts';

const spansPerPage = 1_000;
/** Most spans of one call. What is found by then is answered, with a cursor to go on from. */
const spansMax = 100_000;

/**
 * Traces by the time of their first span, newest first. The spans that fit are walked from the
 * newest one back, and the traces that they belong to measured. A trace begins no later than any of
 * its spans, so all that begin after the place of the walk have been met: when these fill the page
 * it is done. Memory does not grow with what is walked over.
 *
 * A cursor holds the last trace answered, and where the walk must begin again to meet those that
 * were met and not answered. One that has spans only more than `spansMax` after its begin may be
 * missed by a later page.
 */
export async function findTraces(reader: Reader, query: TraceQuery): Promise<Page<TraceSummary>> {
  const cursor = query.cursor === undefined ? undefined : readTraceCursor(query.cursor);
  const best = new BestTraces(pageLimit(query.limit), cursor?.after);
  const walk = await walkSpans(reader, query, { best, fromMs: cursor?.walkMs });
  const { found, next } = best.page(walk);
  return {
    items: await summariseTraces(reader, query, found),
    cursor: next && writeCursor([next.after.beginMs, idNumber(next.after.traceId), next.walkMs]),
  };
}

function readTraceCursor(cursor: string): { after: TracePlace; walkMs: number } {
  const [beginMs = 0n, traceId = 0n, walkMs = 0n] = readCursor(cursor, ['ms', 'uint128', 'ms']);
  const [begin = 0, walk = 0] = sortValues([beginMs, walkMs]);
  const id = traceId.toString(16).padStart(32, '0');
  return { after: { beginMs: begin, traceId: id }, walkMs: walk };
}

function idNumber(traceId: string): bigint {
  return BigInt(`0x${traceId}`);
}

async function walkSpans(
  reader: Reader,
  query: TraceQuery,
  { best, fromMs }: { best: BestTraces; fromMs: number | undefined },
): Promise<Walk> {
  const wanted = hitFilter(reader, query);
  // The spans with an error are fewer; whether another one fits is then asked of the trace.
  const byError = query.status === 'error';
  const filter = byError ? errorFilter(reader, query) : wanted;
  if (fromMs !== undefined) filter.push({ range: { '@timestamp': { lte: fromMs } } });
  const sort = [{ '@timestamp': 'desc' as const }, { tie: 'desc' as const }];
  const beganMs = fromMs ?? Number.POSITIVE_INFINITY;
  let reachedMs = beganMs;
  let after: Hit['sort'];
  for (let spans = 0; spans < spansMax; spans += spansPerPage) {
    const hits = await reader.hits('traces', {
      query: { bool: { filter } },
      sort,
      size: spansPerPage,
      ...columnsOnly,
      docvalue_fields: ['trace_id'],
      ...(after && { search_after: after }),
    });
    const lastSeen = lastSeenByTrace(hits);
    const measured = await measureTraces(reader, query, {
      traceIds: [...lastSeen.keys()],
      wanted: byError ? wanted : undefined,
    });
    for (const trace of measured) {
      if (fits(trace, query)) best.offer(trace, lastSeen.get(trace.traceId) ?? 0);
    }
    after = hits.at(-1)?.sort;
    reachedMs = Number(after?.[0] ?? reachedMs);
    const isWhole = hits.length < spansPerPage;
    if (isWhole || best.isFullAfter(reachedMs)) return { beganMs, reachedMs, isWhole };
  }
  return { beganMs, reachedMs, isWhole: false };
}

/** Service, operation and attributes are those of one span. */
function hitFilter(reader: Reader, query: TraceQuery): Query[] {
  return [
    ...reader.inRange(query),
    ...equals('service', query.service),
    ...equals('name', query.operation),
    ...hasAttributes(query.attributes),
  ];
}

function errorFilter(reader: Reader, { tenant, fromMs, toMs }: TraceQuery): Query[] {
  const range = { tenant, fromMs: fromMs - traceReachMs, toMs: toMs + traceReachMs };
  return [...reader.inRange(range), { term: { status_code: 2 } }];
}

/** Hits come from the latest to the earliest. */
function lastSeenByTrace(hits: readonly Hit[]): Map<string, number> {
  const seen = new Map<string, number>();
  for (const { fields, sort } of hits) {
    const [traceId] = (fields?.trace_id ?? []) as string[];
    if (traceId !== undefined) seen.set(traceId, Number(sort?.[0]));
  }
  return seen;
}

/** Status and duration are those of the trace; a duration is compared to the µs. */
function fits({ durationUs, errors }: FoundTrace, query: TraceQuery): boolean {
  const { minDurationMs, maxDurationMs, status } = query;
  if (minDurationMs !== undefined && durationUs < minDurationMs * 1_000) return false;
  if (maxDurationMs !== undefined && durationUs > maxDurationMs * 1_000) return false;
  return status === undefined || (status === 'error') === errors > 0;
}
