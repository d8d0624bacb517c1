import type { DuckDBConnection } from '@duckdb/node-api';
import { type MetricAnswer, type MetricQuery, ownRoom } from '@spillway/store';
import {
  gatherSeries,
  metricSteps,
  percentileOf,
  type StepValue,
  seriesLimit,
  stepValueHeld,
} from '@spillway/store/search';
import { passingRows } from './answer-rows.ts';
import { readExemplars } from './exemplars.ts';
import { findMetric } from './list-metrics.ts';
import { readPercentiles } from './metric-percentiles.ts';
import { labelColumns, labelsOf, metricPointsSql } from './metric-points.ts';
import type { Pages } from './pages.ts';
import { Parameters } from './parameters.ts';

/**
 * One metric in steps. Within a step and a group of series:
 * - `avg`, `min`, `max` are over all points, `last` is the latest one, `count` how many there are;
 * - `sum` adds up the values of a delta sum, and otherwise the last value of each series;
 * - `rate` is the increase per second: what a delta sum brought, or what a cumulative one grew by;
 * - of histograms and summaries, `sum`, `count`, `rate` and `avg` are of the observations that the
 *   step brought, and `last` is the mean of the latest point. A cumulative series that starts again
 *   counts from zero. Points without a value are left out.
 */
export async function queryMetric(
  connection: DuckDBConnection,
  pages: Pages,
  query: MetricQuery,
): Promise<MetricAnswer> {
  const info = await findMetric(connection, query);
  if (!info) return { info, series: [], seriesDropped: 0, exemplars: [] };
  const percentile = percentileOf[query.agg];
  const { values, left } =
    percentile === undefined
      ? await readValues(connection, query)
      : { values: await readPercentiles(connection, query, percentile), left: 0 };
  const { series, dropped } = await gatherSeries(query, values);
  const exemplars = await readExemplars(connection, pages, query);
  return { info, series, seriesDropped: dropped + left, exemplars };
}

/**
 * Reads the values of the largest series alone: a metric may have more of them than there is memory
 * for.
 */
async function readValues(
  connection: DuckDBConnection,
  query: MetricQuery,
): Promise<{ values: StepValue[]; left: number }> {
  const parameters = new Parameters();
  const labels = labelColumns(query);
  const sql = valuesSql(query, parameters);
  const columns = 5 + labels.length;
  const statement = { sql, parameters, columns, texts: labels, order: 'place, step' };
  const room = query.room ?? ownRoom();
  const divisor = query.agg === 'rate' ? metricSteps(query).stepMs / 1000 : 1;
  const values: StepValue[] = [];
  let series = { place: 0, labels: {} };
  let left = 0;
  for await (const rows of passingRows(connection, statement, room)) {
    await room.take({ objects: rows.length * stepValueHeld.objects, text: 0 });
    for (const row of rows) {
      const { place, found, step, value } = row as Record<string, number>;
      if (series.place !== place) series = { place: place as number, labels: labelsOf(query, row) };
      left = Math.max(0, (found as number) - seriesLimit(query.seriesMax));
      values.push({
        labels: series.labels,
        step: step as number,
        value: (value as number) / divisor,
      });
    }
  }
  return { values, left };
}

/** Selects the values of the largest series in their steps. */
function valuesSql(query: MetricQuery, parameters: Parameters): string {
  const labels = labelColumns(query);
  const points = metricPointsSql(query, parameters);
  const { steps } = metricSteps(query);
  const same = labels.map((label) => `b.${label} = l.${label}`).join(' AND ');
  // The labels come once for each series, with its first step.
  const first = labels.map((label) => `CASE WHEN nth = 1 THEN ${label} ELSE '' END AS ${label}`);
  return `WITH points AS (${points}),
     by_series AS (
       SELECT ${[...labels, 'series_key', 'step'].join()},
         bool_or(is_distribution) AS is_distribution, bool_or(is_delta) AS is_delta,
         count(*) AS points, sum(value) AS total, min(low) AS low, max(high) AS high,
         arg_max(value, time_ns) AS last, max(time_ns) AS last_ns,
         sum(increase) AS increase, sum(sum_increase) AS sum_increase
       FROM points WHERE step >= 0 AND step < ${steps} GROUP BY ALL),
     by_group AS MATERIALIZED (SELECT * FROM (
       SELECT ${[...labels, 'step'].join()}, (${aggregateSql(query.agg)})::DOUBLE AS value
       FROM by_series GROUP BY ${[...labels, 'step'].join()}) WHERE isfinite(value)),
     sizes AS (SELECT ${[...labels, 'sum(abs(value)) AS size'].join()} FROM by_group GROUP BY ALL),
     largest AS (SELECT *, row_number() OVER (ORDER BY ${['size DESC', ...labels].join()}) AS place,
       count(*) OVER () AS found FROM sizes
       QUALIFY place <= ${seriesLimit(query.seriesMax)}),
     steps AS (SELECT b.*, l.place, l.found,
       row_number() OVER (PARTITION BY l.place ORDER BY b.step) AS nth
       FROM by_group b JOIN largest l ON ${same || 'true'})
     SELECT place::INTEGER AS place, found::INTEGER AS found, step, value, ${[...first, 'nth'].join()}
     FROM steps`;
}

function aggregateSql(agg: MetricQuery['agg']): string {
  if (agg === 'min') return 'min(low)';
  if (agg === 'max') return 'max(high)';
  if (agg === 'last') return 'arg_max(last, last_ns)';
  if (agg === 'rate') return 'sum(increase)';
  if (agg === 'count')
    return 'CASE WHEN bool_or(is_distribution) THEN sum(increase) ELSE sum(points) END';
  if (agg === 'sum') {
    return `CASE WHEN bool_or(is_distribution) THEN sum(sum_increase)
      WHEN bool_or(is_delta) THEN sum(increase) ELSE sum(last) END`;
  }
  return `CASE WHEN bool_or(is_distribution) THEN sum(sum_increase) / nullif(sum(increase), 0)
    ELSE sum(total) / sum(points) END`;
}
