import type { DuckDBConnection } from '@duckdb/node-api';
import { type ExemplarView, type MetricQuery, ownRoom } from '@spillway/store';
import { listFromJson, weigh } from '@spillway/store/search';
import type { ExemplarJson } from '../write/point-rows.ts';
import { labelsOf, metricSeriesSql } from './metric-points.ts';
import type { Pages } from './pages.ts';
import { Parameters, type ResultRow } from './parameters.ts';

const exemplarsMax = 200;
const pointsMax = 1_000;

/** Reads the exemplars that have a trace id, from the newest points, 200 at most. */
export async function readExemplars(
  connection: DuckDBConnection,
  pages: Pages,
  query: MetricQuery,
): Promise<ExemplarView[]> {
  const p = new Parameters();
  const places = await p.rows(
    connection,
    `SELECT p.rowid AS row, p.key, p.bytes FROM point p
     JOIN (${metricSeriesSql(query, p)}) s ON s.id = p.series
     WHERE p.tenant = ${p.bind(query.tenant)} AND p.exemplars IS NOT NULL
       AND p.time_ms >= ${p.bind(Math.ceil(query.fromMs))}
       AND p.time_ms < ${p.bind(Math.ceil(query.toMs))}
     ORDER BY p.time_ms DESC, p.key LIMIT ${pointsMax}`,
  );
  const slices = pages.slices(connection, {
    places,
    select: (rowIs, parameters) => `SELECT p.rowid AS row, p.key, s.*, p.time_ms, p.exemplars
      FROM point p JOIN (${metricSeriesSql(query, parameters)}) s ON s.id = p.series
      WHERE ${rowIs('p.rowid')}`,
  });
  const found: ExemplarView[] = [];
  for await (const slice of slices) {
    const more = slice.flatMap(({ row }) => exemplarsOf(query, row));
    const kept = more.slice(0, exemplarsMax - found.length);
    await (query.room ?? ownRoom()).take(weigh(kept));
    found.push(...kept);
    if (found.length === exemplarsMax) break;
  }
  return found;
}

function exemplarsOf(query: MetricQuery, row: ResultRow): ExemplarView[] {
  const labels = labelsOf(query, row);
  const exemplars = listFromJson<ExemplarJson>(row.exemplars as string);
  return exemplars
    .filter(({ traceId }) => traceId !== '')
    .map(({ timeUnixNano, value, traceId, spanId }) => ({
      timeMs:
        timeUnixNano === '0' ? Number(row.time_ms) : Number(BigInt(timeUnixNano) / 1_000_000n),
      value: value === null ? 0 : Number('int' in value ? value.int : value.double),
      traceId,
      spanId,
      labels,
    }));
}
