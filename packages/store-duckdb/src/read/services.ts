import type { DuckDBConnection } from '@duckdb/node-api';
import {
  type Asked,
  type OperationSummary,
  ownRoom,
  type ServiceSummary,
  type TimeRange,
} from '@spillway/store';
import { pageLimit } from '@spillway/store/search';
import { answerRows } from './answer-rows.ts';
import { Parameters, type ResultRow } from './parameters.ts';

interface RangeQuery extends TimeRange, Asked {
  tenant: string;
  limit: number;
}

export const sparklineBuckets = 30;

/** Server and consumer spans, and roots of every kind: what a service was asked to do. */
const isRequest = '(kind IN (2, 5) OR parent_span_id IS NULL)';
const durationMs = '(greatest(end_ns, start_ns) - start_ns)::DOUBLE / 1e6';

const figures = `count(*) FILTER (${isRequest})::DOUBLE AS requests,
  count(*) FILTER (${isRequest} AND status_code = 2)::DOUBLE AS errors,
  approx_quantile(${durationMs}, [0.5, 0.95, 0.99]) FILTER (${isRequest}) AS quantiles,
  max(time_ms) AS last_ms`;

/** Every service with a span in the range, the busiest first. */
export async function listServices(
  connection: DuckDBConnection,
  query: RangeQuery,
): Promise<ServiceSummary[]> {
  const p = new Parameters();
  const order = 'requests DESC, service';
  const sql = `SELECT service, ${figures} FROM span WHERE ${inRange(query, p)} GROUP BY service
    ORDER BY ${order} LIMIT ${p.bind(pageLimit(query.limit))}`;
  const room = query.room ?? ownRoom();
  const columns = 5 + sparklineBuckets;
  const statement = { sql, parameters: p, columns, texts: ['service'], order };
  const rows = await answerRows(connection, statement, room);
  const names = rows.map((row) => row.service as string);
  const sparklines = await readSparklines(connection, query, names);
  return rows.map((row, i) => ({
    service: row.service as string,
    ...summary(row, query),
    sparkline: sparklines[i] ?? [],
  }));
}

/** The requests of one service by operation and kind, the busiest first. */
export async function listOperations(
  connection: DuckDBConnection,
  query: RangeQuery & { service: string },
): Promise<OperationSummary[]> {
  const p = new Parameters();
  const order = 'requests DESC, name, kind';
  const sql = `SELECT name, kind, ${figures} FROM span
    WHERE ${inRange(query, p)} AND service = ${p.bind(query.service)} AND ${isRequest}
    GROUP BY name, kind ORDER BY ${order} LIMIT ${p.bind(pageLimit(query.limit))}`;
  const statement = { sql, parameters: p, columns: 8, texts: ['name'], order };
  const rows = await answerRows(connection, statement, query.room ?? ownRoom());
  return rows.map((row) => ({
    operation: row.name as string,
    kind: row.kind as number,
    ...summary(row, query),
  }));
}

function inRange(query: RangeQuery, p: Parameters): string {
  return `tenant = ${p.bind(query.tenant)} AND time_ms >= ${p.bind(Math.ceil(query.fromMs))}
    AND time_ms < ${p.bind(Math.ceil(query.toMs))}`;
}

function summary(row: ResultRow, { fromMs, toMs }: TimeRange) {
  const requests = row.requests as number;
  const quantiles = row.quantiles as { items: number[] } | null;
  const [p50Ms = 0, p95Ms = 0, p99Ms = 0] = quantiles?.items ?? [];
  return {
    ratePerSecond: requests / Math.max(1e-3, (toMs - fromMs) / 1000),
    errorRatio: requests === 0 ? 0 : (row.errors as number) / requests,
    p50Ms,
    p95Ms,
    p99Ms,
    lastSeenMs: Number(row.last_ms),
  };
}

/** In the order of the names. */
async function readSparklines(
  connection: DuckDBConnection,
  query: RangeQuery,
  names: readonly string[],
): Promise<number[][]> {
  const sparklines = names.map(() => new Array<number>(sparklineBuckets).fill(0));
  if (names.length === 0) return sparklines;
  const p = new Parameters();
  const widthMs = Math.max(1, Math.ceil((query.toMs - query.fromMs) / sparklineBuckets));
  const from = p.bind(Math.ceil(query.fromMs));
  const sql = `SELECT place, ((time_ms - ${from}) // ${p.bind(widthMs)})::INTEGER AS bucket,
      count(*)::DOUBLE AS requests
    FROM span JOIN (SELECT unnest(${p.bind(names)}) AS service, generate_subscripts(${p.bind(names)}, 1) - 1 AS place) USING (service)
    WHERE ${inRange(query, p)} AND ${isRequest} GROUP BY ALL`;
  for await (const rows of p.chunks(connection, sql)) {
    for (const { place, bucket, requests } of rows) {
      const sparkline = sparklines[Number(place)];
      if (sparkline) sparkline[bucket as number] = requests as number;
    }
  }
  return sparklines;
}
