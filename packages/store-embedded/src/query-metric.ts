import type { DuckDBConnection } from '@duckdb/node-api';
import type { MetricAnswer, MetricQuery } from '@spillway/store';
import {
  gatherSeries,
  metricSteps,
  percentileOf,
  type StepValue,
  seriesLimit,
} from '@spillway/store/search';
import { readExemplars } from './exemplars.ts';
import { findMetric } from './list-metrics.ts';
import { readPercentiles } from './metric-percentiles.ts';
import { labelColumns, labelsOf, metricPointsSql } from './metric-points.ts';
import { Parameters } from './parameters.ts';

/**
 * One metric in steps. Within a step and a group of series:
 * - `avg`, `min`, `max` are over all points, `last` is the latest one, `count` how many there are;
 * - `sum` adds up the values of a delta sum, and otherwise the last value of each series;
 * - `rate` is the increase per second: what a delta sum brought, or what a cumulative one grew by;
 * - of histograms and summaries, `sum`, `count`, `rate` and `avg` are of the observations that the
 *   step brought, and `last` is the mean of the latest point.
 * A cumulative series that starts anew counts from zero. Points without a value are left out.
 */
export async function queryMetric(
  connection: DuckDBConnection,
  query: MetricQuery,
): Promise<MetricAnswer> {
  const info = await findMetric(connection, query);
  if (!info) return { info, series: [], seriesDropped: 0, exemplars: [] };
  const percentile = percentileOf[query.agg];
  const values =
    percentile === undefined
      ? await readValues(connection, query)
      : await readPercentiles(connection, query, percentile);
  const series = gatherSeries(query, values);
  const kept = seriesLimit(query.seriesMax);
  return {
    info,
    series: series.slice(0, kept),
    seriesDropped: Math.max(0, series.length - kept),
    exemplars: await readExemplars(connection, query),
  };
}

async function readValues(connection: DuckDBConnection, query: MetricQuery): Promise<StepValue[]> {
  const p = new Parameters();
  const labels = labelColumns(query);
  const points = metricPointsSql(query, p);
  const rows = await p.query(
    connection,
    `WITH points AS (${points}),
     by_series AS (
       SELECT ${[...labels, 'series_key', 'step'].join()},
         bool_or(is_distribution) AS is_distribution, bool_or(is_delta) AS is_delta,
         count(*) AS points, sum(value) AS total, min(low) AS low, max(high) AS high,
         arg_max(value, time_ns) AS last, max(time_ns) AS last_ns,
         sum(increase) AS increase, sum(sum_increase) AS sum_increase
       FROM points WHERE step >= 0 GROUP BY ALL)
     SELECT ${[...labels, 'step'].join()}, (${aggregateSql(query.agg)})::DOUBLE AS value
     FROM by_series GROUP BY ${[...labels, 'step'].join()}`,
  );
  const divisor = query.agg === 'rate' ? metricSteps(query).stepMs / 1000 : 1;
  return rows.map((row) => ({
    labels: labelsOf(query, row),
    step: row.step as number,
    value: row.value === null ? null : (row.value as number) / divisor,
  }));
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
