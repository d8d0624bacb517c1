import type { DuckDBConnection } from '@duckdb/node-api';
import {
  type Asked,
  isStoreError,
  ownRoom,
  type Page,
  type SpanView,
  type TraceQuery,
  type TraceSummary,
} from '@spillway/store';
import { pageLimit, readCursor, writeCursor } from '@spillway/store/search';
import { parseHex, toHex128 } from '../write/hex.ts';
import { spanSelect, spanView } from '../write/span-rows.ts';
import { answerRows } from './answer-rows.ts';
import { attributeConditions } from './attribute-filter.ts';
import type { Pages } from './pages.ts';
import { Parameters, type ResultRow } from './parameters.ts';

/** Spans of a found trace are counted this far outside the range that was asked for. */
const traceReachMs = 3_600_000;
const traceSpansMax = 10_000;
/** Whose services are read at once, and how many of each are named. */
const tracesPerStatement = 100;
const servicesMax = 100;

/** The newest part of the range that is looked at first, and how fast that part grows. */
const firstWindowMs = 60_000;
const windowGrowth = 8;
/** Longer than any range. */
const windowMsMax = 2 ** 50;

/**
 * Traces by the time of their first span, newest first. The range is searched from its newer end
 * in growing windows: all traces that begin in a window are found by looking at it alone, so a
 * page of recent traces does not cost a look at the whole range.
 */
export async function findTraces(
  connection: DuckDBConnection,
  query: TraceQuery,
): Promise<Page<TraceSummary>> {
  const limit = pageLimit(query.limit);
  const after =
    query.cursor === undefined ? undefined : readCursor(query.cursor, ['ms', 'uint128']);
  const newestMs = after ? Math.min(query.toMs, Number(after[0]) + 1) : query.toMs;
  let rows: ResultRow[] = [];
  for (let windowMs = firstWindowMs; ; windowMs *= windowGrowth) {
    const beginsMs = newestMs - windowMs;
    const isWhole = beginsMs <= query.fromMs || windowMs > windowMsMax;
    const window = { beginsMs: isWhole ? undefined : beginsMs, limit, after };
    rows = await selectTraces(connection, query, window);
    if (isWhole || rows.length > limit) break;
  }
  const items = await summaries(connection, query, rows.slice(0, limit));
  const last = rows[items.length - 1];
  const isMore = rows.length > items.length && last !== undefined;
  return {
    items,
    cursor: isMore ? writeCursor([last.begin_ms as bigint, last.trace_id as bigint]) : undefined,
  };
}

interface Window {
  /** Only traces that begin here or later; undefined: all with a span in the range. */
  beginsMs: number | undefined;
  limit: number;
  after: bigint[] | undefined;
}

async function selectTraces(
  connection: DuckDBConnection,
  query: TraceQuery,
  { beginsMs, limit, after }: Window,
): Promise<ResultRow[]> {
  const p = new Parameters();
  const fromMs = Math.ceil(beginsMs ?? query.fromMs);
  const toMs = Math.ceil(query.toMs);
  const hits = [
    `tenant = ${p.bind(query.tenant)}`,
    `time_ms >= ${p.bind(fromMs)} AND time_ms < ${p.bind(toMs)}`,
    ...attributeConditions(query.attributes, p, 'span'),
  ];
  if (query.service !== undefined) hits.push(`service = ${p.bind(query.service)}`);
  if (query.operation !== undefined) hits.push(`name = ${p.bind(query.operation)}`);
  const wanted = summaryConditions(query, p);
  if (beginsMs !== undefined) wanted.push(`begin_ms >= ${p.bind(fromMs)}`);
  if (after) {
    const [beginMs, traceId] = after.map((value) => p.bind(value));
    wanted.push(`(begin_ms, trace_id) < (${beginMs}::BIGINT, ${traceId}::UHUGEINT)`);
  }
  return await p.rows(
    connection,
    `SELECT * FROM (
       SELECT trace_id, min(time_ms) AS begin_ms, min(start_ns) AS start_ns,
         greatest(max(end_ns), min(start_ns)) - min(start_ns) AS duration_ns,
         count(*)::DOUBLE AS spans, count(*) FILTER (status_code = 2)::DOUBLE AS errors
       FROM span WHERE tenant = ${p.bind(query.tenant)}
         AND time_ms >= ${p.bind(fromMs - traceReachMs)} AND time_ms < ${p.bind(toMs + traceReachMs)}
         AND trace_id IN (SELECT trace_id FROM span WHERE ${hits.join(' AND ')})
       GROUP BY trace_id
     ) WHERE ${wanted.join(' AND ')}
     ORDER BY begin_ms DESC, trace_id DESC LIMIT ${p.bind(limit + 1)}`,
  );
}

/** Status and duration are those of the trace; service, operation and attributes of one span. */
function summaryConditions(query: TraceQuery, p: Parameters): string[] {
  const conditions = ['true'];
  const { minDurationMs, maxDurationMs, status } = query;
  if (minDurationMs !== undefined) {
    conditions.push(`duration_ns >= ${p.bind(Math.round(minDurationMs * 1e6))}`);
  }
  if (maxDurationMs !== undefined) {
    conditions.push(`duration_ns <= ${p.bind(Math.round(maxDurationMs * 1e6))}`);
  }
  if (status !== undefined) conditions.push(status === 'error' ? 'errors > 0' : 'errors = 0');
  return conditions;
}

/** Reads the summaries of the first traces, as many as there is room for. */
async function summaries(
  connection: DuckDBConnection,
  query: TraceQuery,
  page: readonly ResultRow[],
): Promise<TraceSummary[]> {
  const found: TraceSummary[] = [];
  for (let from = 0; from < page.length; from += tracesPerStatement) {
    const some = page.slice(from, from + tracesPerStatement);
    try {
      found.push(...(await summariesOfSome(connection, query, some)));
    } catch (error) {
      if (!isStoreError(error, 'too-much-asked') || found.length === 0) throw error;
      return found;
    }
  }
  return found;
}

async function summariesOfSome(
  connection: DuckDBConnection,
  query: TraceQuery,
  some: readonly ResultRow[],
): Promise<TraceSummary[]> {
  const p = new Parameters();
  const sql = `SELECT trace_id, list_sort(list(DISTINCT service))[1:${servicesMax}] AS services,
      arg_min({service: service, name: name},
        (parent_span_id IS NOT NULL, time_ms, start_ns, span_id)) AS root
    FROM span WHERE tenant = ${p.bind(query.tenant)}
      AND time_ms >= ${p.bind(Math.ceil(query.fromMs) - traceReachMs)}
      AND time_ms < ${p.bind(Math.ceil(query.toMs) + traceReachMs)}
      AND trace_id IN (SELECT unnest(${p.bind(some.map((row) => row.trace_id as bigint))}))
    GROUP BY trace_id`;
  const texts = ['root.service', 'root.name'];
  // With the columns that `page` has of each.
  const statement = { sql, parameters: p, columns: 8, texts, lists: ['services'] };
  const rows = await answerRows(connection, statement, query.room ?? ownRoom());
  const details = new Map(rows.map((row) => [row.trace_id as bigint, row]));
  return some.map((row) => summary(row, details.get(row.trace_id as bigint)));
}

function summary(row: ResultRow, detail: ResultRow | undefined): TraceSummary {
  const root = detail?.root as { entries: { service: string; name: string } } | undefined;
  const services = detail?.services as { items: string[] } | undefined;
  return {
    traceId: toHex128(row.trace_id as bigint),
    rootService: root?.entries.service ?? '',
    rootOperation: root?.entries.name ?? '',
    startTimeUnixNano: String(row.start_ns),
    durationNano: Number(row.duration_ns),
    spans: row.spans as number,
    errors: row.errors as number,
    services: services?.items ?? [],
  };
}

export async function readTrace(
  connection: DuckDBConnection,
  pages: Pages,
  { tenant, traceId, room = ownRoom() }: Asked & { tenant: string; traceId: string },
): Promise<{ spans: SpanView[]; truncated: boolean } | undefined> {
  const id = parseHex(traceId, 32);
  if (id === undefined) return undefined;
  const p = new Parameters();
  const places = await p.rows(
    connection,
    `SELECT rowid AS row, key, bytes FROM span
     WHERE tenant = ${p.bind(tenant)} AND trace_id = ${p.bind(id)}
     ORDER BY start_ns, position, idx LIMIT ${traceSpansMax + 1}`,
  );
  if (places.length === 0) return undefined;
  const page = {
    places,
    select: (rowIs: (column: string) => string) =>
      `SELECT rowid AS row, ${spanSelect} FROM span WHERE ${rowIs('rowid')}`,
    room,
    view: spanView,
  };
  const { items, last } = await pages.read(connection, page, traceSpansMax);
  return { spans: items, truncated: last !== undefined };
}
