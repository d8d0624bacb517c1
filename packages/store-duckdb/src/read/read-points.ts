import type { DuckDBConnection } from '@duckdb/node-api';
import { type Asked, ownRoom, type Page, type PointView, type TimeRange } from '@spillway/store';
import { pageLimit, readCursor, writeCursor } from '@spillway/store/search';
import { pointSelect, pointView } from '../write/point-rows.ts';
import type { Pages } from './pages.ts';
import { Parameters } from './parameters.ts';

export interface PointsQuery extends TimeRange, Asked {
  tenant: string;
  name: string;
  limit: number;
  cursor?: string | undefined;
}

/** The points of a metric as they were sent, oldest first. */
export async function readPoints(
  connection: DuckDBConnection,
  pages: Pages,
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
  const from = 'FROM point p JOIN series s ON s.id = p.series';
  const places = await p.rows(
    connection,
    `SELECT p.rowid AS row, p.bytes, p.time_ms, p.key ${from}
     WHERE ${conditions.join(' AND ')} ORDER BY p.time_ms, p.key LIMIT ${p.bind(limit + 1)}`,
  );
  const page = {
    places,
    select: (rowIs: (column: string) => string) =>
      `SELECT p.rowid AS row, ${pointSelect} ${from} WHERE ${rowIs('p.rowid')}`,
    room: query.room ?? ownRoom(),
    view: pointView,
  };
  const { items, last } = await pages.read(connection, page, limit);
  const cursor = last && writeCursor([last.time_ms as bigint, last.key as bigint]);
  return { items, cursor };
}
