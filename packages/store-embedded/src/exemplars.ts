import type { DuckDBConnection } from '@duckdb/node-api';
import { type ExemplarView, type MetricQuery, ownRoom } from '@spillway/store';
import { listFromJson, weigh } from '@spillway/store/search';
import { labelsOf, metricSeriesSql } from './metric-points.ts';
import { asOfOneMoment, type Pages, textBytes } from './pages.ts';
import { Parameters, type ResultRow } from './parameters.ts';
import type { ExemplarJson } from './point-rows.ts';

const exemplarsMax = 200;
const pointsMax = 1_000;

/** Those with a trace id, of the newest points that have any. */
export async function readExemplars(
  connection: DuckDBConnection,
  pages: Pages,
  query: MetricQuery,
): Promise<ExemplarView[]> {
  const room = query.room ?? ownRoom();
  const found: ExemplarView[] = [];
  await asOfOneMoment(connection, async () => {
    const p = new Parameters();
    const places = await p.rows(
      connection,
      `SELECT p.rowid AS row FROM point p JOIN (${metricSeriesSql(query, p)}) s ON s.id = p.series
       WHERE p.tenant = ${p.bind(query.tenant)} AND p.exemplars IS NOT NULL
         AND p.time_ms >= ${p.bind(Math.ceil(query.fromMs))}
         AND p.time_ms < ${p.bind(Math.ceil(query.toMs))}
       ORDER BY p.time_ms DESC, p.key LIMIT ${pointsMax}`,
    );
    const slices = pages.slices(connection, {
      places,
      sizes: (
        rowIs,
      ) => `SELECT p.rowid AS row, ${textBytes(['p.exemplars', 's.attributes'])} AS bytes
        FROM point p JOIN series s ON s.id = p.series WHERE ${rowIs('p.rowid')}`,
      select: (
        rowIs,
        parameters,
      ) => `SELECT p.rowid AS row, s.*, p.time_ms, p.exemplars FROM point p
        JOIN (${metricSeriesSql(query, parameters)}) s ON s.id = p.series WHERE ${rowIs('p.rowid')}`,
    });
    for await (const rows of slices) {
      const more = rows.flatMap((row) => exemplarsOf(query, row));
      found.push(...more.slice(0, exemplarsMax - found.length));
      if (found.length >= exemplarsMax) return;
    }
  });
  await room.take(weigh(found));
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
