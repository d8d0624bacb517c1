import type { DuckDBConnection } from '@duckdb/node-api';
import type { Page, PointView, TimeRange } from '@spillway/store';
import { pageLimit, readCursor, writeCursor } from '@spillway/store/search';
import type { Origins } from './origins.ts';
import { Parameters } from './parameters.ts';
import { pointSelect, pointView } from './point-rows.ts';

export interface PointsQuery extends TimeRange {
  tenant: string;
  name: string;
  limit: number;
  cursor?: string | undefined;
}

/** The points of a metric as they were sent, oldest first. */
export async function readPoints(
  connection: DuckDBConnection,
  origins: Origins,
  query: PointsQuery,
): Promise<Page<PointView>> {
  const p = new Parameters();
  const conditions = [
    `p.tenant = ${p.bind(query.tenant)} AND s.name = ${p.bind(query.name)}`,
    `p.time_ms >= ${p.bind(Math.ceil(query.fromMs))}`,
    `p.time_ms < ${p.bind(Math.ceil(query.toMs))}`,
  ];
  if (query.cursor !== undefined) {
    const [timeMs, key] = readCursor(query.cursor, ['ms', 'uint128']).map((value) => p.bind(value));
    conditions.push(`(p.time_ms, p.key) > (${timeMs}::BIGINT, ${key}::UHUGEINT)`);
  }
  const limit = pageLimit(query.limit);
  const { rows, isCut } = await p.page(
    connection,
    `SELECT ${pointSelect} FROM point p JOIN series s ON s.id = p.series
     WHERE ${conditions.join(' AND ')} ORDER BY p.time_ms, p.key LIMIT ${p.bind(limit + 1)}`,
  );
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  const isMore = (isCut || rows.length > limit) && last !== undefined;
  return {
    items: await origins.views(connection, page, pointView),
    cursor: isMore ? writeCursor([last.time_ms as bigint, last.key as bigint]) : undefined,
  };
}
