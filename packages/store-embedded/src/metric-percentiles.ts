import { setImmediate } from 'node:timers/promises';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { MetricQuery } from '@spillway/store';
import {
  type Distribution,
  difference,
  Mixture,
  parseDistribution,
  type Shape,
  type StepValue,
} from '@spillway/store/search';
import { labelColumns, labelsOf, metricPointsSql } from './metric-points.ts';
import { Parameters, type ResultRow } from './parameters.ts';

const rowsPerTurn = 200;

/**
 * Quantiles of the observations that each step brought, from explicit and exponential buckets.
 * Of a cumulative series only the last point of a step (and before a reset) is needed.
 */
export async function readPercentiles(
  connection: DuckDBConnection,
  query: MetricQuery,
  quantile: number,
): Promise<StepValue[]> {
  const p = new Parameters();
  const labels = labelColumns(query);
  const rows = await p.query(
    connection,
    `WITH points AS (${metricPointsSql(query, p)})
     SELECT ${[...labels, 'series_key', 'step', 'epoch', 'is_delta'].join()},
       bool_or(is_unknown) AS is_unknown, arg_max(shape, time_ns) AS last_shape,
       CASE WHEN is_delta THEN list(shape) END AS shapes
     FROM points WHERE type IN ('histogram', 'exponential_histogram')
     GROUP BY ${[...labels, 'series_key', 'step', 'epoch', 'is_delta'].join()}
     ORDER BY series_key, step, epoch`,
  );
  const mixtures = new Map<
    string,
    { labels: Record<string, string>; step: number; mixture: Mixture }
  >();
  let looked = 0;
  for (const { row, brought } of increases(rows)) {
    // Parsing is long: whoever sends telemetry has their turn in between.
    if (++looked % rowsPerTurn === 0) await setImmediate();
    const step = row.step as number;
    if (step < 0) continue;
    const labels = labelsOf(query, row);
    const name = JSON.stringify([labels, step]);
    const entry = mixtures.get(name) ?? { labels, step, mixture: new Mixture() };
    mixtures.set(name, entry);
    for (const each of brought) entry.mixture.add(each);
  }
  return [...mixtures.values()].map(({ labels, step, mixture }) => ({
    labels,
    step,
    value: mixture.quantile(quantile),
  }));
}

/** Rows come by series and time; each is compared with the one before it. */
function* increases(rows: readonly ResultRow[]) {
  let before: { row: ResultRow; distribution: Distribution | undefined } | undefined;
  for (const row of rows) {
    if (row.is_delta) {
      const shapes = (row.shapes as { items: string[] }).items;
      yield { row, brought: shapes.flatMap((shape) => parse(shape) ?? []) };
      continue;
    }
    const isSameSeries = before?.row.series_key === row.series_key;
    const isSameEpoch = isSameSeries && before?.row.epoch === row.epoch;
    const distribution = parse(row.last_shape as string | null);
    if (distribution && (isSameSeries || !row.is_unknown)) {
      const base = isSameEpoch ? before?.distribution : undefined;
      yield { row, brought: [base ? difference(distribution, base) : distribution] };
    }
    before = { row, distribution };
  }
}

function parse(shape: string | null): Distribution | undefined {
  return shape === null ? undefined : parseDistribution(JSON.parse(shape) as Shape);
}
