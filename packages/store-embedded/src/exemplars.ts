import type { DuckDBConnection } from '@duckdb/node-api';
import type { ExemplarView, MetricQuery } from '@spillway/store';
import { listFromJson } from '@spillway/store/search';
import { labelsOf, metricSeriesSql } from './metric-points.ts';
import { Parameters, type ResultRow } from './parameters.ts';
import type { ExemplarJson } from './point-rows.ts';

const exemplarsMax = 200;
const pointsMax = 1_000;

/** Those with a trace id, of the newest points that have any. */
export async function readExemplars(
  connection: DuckDBConnection,
  query: MetricQuery,
): Promise<ExemplarView[]> {
  const p = new Parameters();
  const rows = await p.query(
    connection,
    `SELECT s.*, p.time_ms, p.exemplars FROM point p
     JOIN (${metricSeriesSql(query, p)}) s ON s.id = p.series
     WHERE p.tenant = ${p.bind(query.tenant)} AND p.exemplars IS NOT NULL
       AND p.time_ms >= ${p.bind(Math.ceil(query.fromMs))}
       AND p.time_ms < ${p.bind(Math.ceil(query.toMs))}
     ORDER BY p.time_ms DESC, p.key LIMIT ${pointsMax}`,
  );
  return rows.flatMap((row) => exemplarsOf(query, row)).slice(0, exemplarsMax);
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
