/** What every metric query starts from: the points with their labels, steps and increases. */
import type { MetricQuery } from '@spillway/store';
import { lookBackMs, metricSteps } from '@spillway/store/search';
import { attributeConditions, attributeText } from './attribute-filter.ts';
import type { Parameters, ResultRow } from './parameters.ts';

export function labelColumns({ groupBy }: MetricQuery): string[] {
  return groupBy.map((_, i) => `label_${i}`);
}

export function labelsOf({ groupBy }: MetricQuery, row: ResultRow): Record<string, string> {
  return Object.fromEntries(groupBy.map((key, i) => [key, row[`label_${i}`] as string]));
}

/** SQL: id, series_key, type, temporality, monotonic and labels of the series that are asked for. */
export function metricSeriesSql(query: MetricQuery, p: Parameters): string {
  const labels = query.groupBy.map((key, i) => {
    const label = key === 'service' ? 'service' : attributeText('attributes', key, p);
    return `${label} AS label_${i}`;
  });
  const conditions = [
    `tenant = ${p.bind(query.tenant)}`,
    `name = ${p.bind(query.name)}`,
    ...attributeConditions(query.attributes, p, 'series'),
  ];
  if (query.service !== undefined) conditions.push(`service = ${p.bind(query.service)}`);
  const columns = ['id', 'series_key', 'type', 'temporality', 'monotonic', ...labels];
  return `SELECT ${columns.join()} FROM series WHERE ${conditions.join(' AND ')}`;
}

/**
 * SQL: a row per point, from a while before the range (`step` below 0) to its end. `grown` is the
 * number that a cumulative series grows: its value, or its count of observations. `epoch` counts
 * the resets before the point; `is_first` is true where nothing before it is known of the epoch.
 */
export function metricPointsSql(query: MetricQuery, p: Parameters): string {
  const { stepMs } = metricSteps(query);
  const fromMs = Math.ceil(query.fromMs);
  const earliestMs = fromMs - lookBackMs(stepMs);
  const from = p.bind(fromMs);
  const earliest = p.bind(earliestMs);
  return `
    WITH s AS (${metricSeriesSql(query, p)}),
    point_value AS (
      SELECT s.* EXCLUDE (id), p.time_ms, p.time_ns, p.start_ns, p.key, p.sum, p.shape,
        s.type NOT IN ('gauge', 'sum') AS is_distribution, s.temporality = 1 AS is_delta,
        s.monotonic = 1 OR s.type NOT IN ('gauge', 'sum') AS only_grows,
        coalesce(p.value_double, p.value_int::DOUBLE) AS number,
        CASE WHEN is_distribution THEN p.sum / nullif(p.count, 0) ELSE number END AS value,
        CASE WHEN is_distribution THEN p.min ELSE number END AS low,
        CASE WHEN is_distribution THEN p.max ELSE number END AS high,
        CASE WHEN is_distribution THEN p.count::DOUBLE ELSE number END AS grown
      FROM point p JOIN s ON s.id = p.series
      WHERE p.tenant = ${p.bind(query.tenant)} AND p.flags & 1 = 0
        AND p.time_ms >= ${earliest} AND p.time_ms < ${p.bind(Math.ceil(query.toMs))}
    ),
    beside AS (
      SELECT *, lag(grown) OVER before AS grown_before, lag(sum) OVER before AS sum_before,
        lag(start_ns) OVER before AS start_before,
        grown_before IS NULL AND start_ns // 1000000 < ${earliest} AS is_unknown,
        only_grows AND (grown < grown_before OR start_ns > start_before) AS is_reset
      FROM point_value WINDOW before AS (PARTITION BY series_key ORDER BY time_ms, time_ns, key)
    )
    SELECT *, CAST(floor((time_ms - ${from}) / ${p.bind(stepMs)}) AS INTEGER) AS step,
      sum(CASE WHEN is_reset THEN 1 ELSE 0 END)
        OVER (PARTITION BY series_key ORDER BY time_ms, time_ns, key) AS epoch,
      CASE WHEN is_delta THEN grown WHEN is_unknown OR (type = 'gauge' AND grown_before IS NULL)
        THEN NULL WHEN is_reset OR grown_before IS NULL THEN grown
        ELSE grown - grown_before END AS increase,
      CASE WHEN is_delta THEN sum WHEN is_unknown THEN NULL
        WHEN is_reset OR grown_before IS NULL THEN sum ELSE sum - sum_before END AS sum_increase
    FROM beside`;
}
