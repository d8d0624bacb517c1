import { setImmediate } from 'node:timers/promises';
import type { DuckDBConnection } from '@duckdb/node-api';
import { type MetricQuery, ownRoom } from '@spillway/store';
import {
  type Distribution,
  difference,
  Mixture,
  parseDistribution,
  type Shape,
  type StepValue,
  weigh,
} from '@spillway/store/search';
import { passingRows } from './answer-rows.ts';
import { labelColumns, labelsOf, metricPointsSql } from './metric-points.ts';
import { Parameters, type ResultRow } from './parameters.ts';

const rowsPerTurn = 200;
/** Bytes of the map, its text, and the value that is made of it. */
const entryBytes = 400;

/**
 * Quantiles of the observations that each step brought, from explicit and exponential buckets.
 * Of a cumulative series only the last point of a step (and before a reset) is needed.
 */
export async function readPercentiles(
  connection: DuckDBConnection,
  query: MetricQuery,
  quantile: number,
): Promise<StepValue[]> {
  const parameters = new Parameters();
  const labels = labelColumns(query);
  const group = [...labels, 'series_key', 'step', 'epoch', 'is_delta'].join();
  const sql = `WITH points AS (${metricPointsSql(query, parameters)})
     SELECT ${group}, bool_or(is_unknown) AS is_unknown, arg_max(shape, time_ns) AS last_shape,
       CASE WHEN is_delta THEN list(shape) END AS shapes
     FROM points WHERE type IN ('histogram', 'exponential_histogram') GROUP BY ${group}`;
  const statement = {
    sql,
    parameters,
    columns: 7 + labels.length,
    order: 'series_key, step, epoch',
    texts: [...labels, 'last_shape'],
    lists: ['shapes'],
  };
  const room = query.room ?? ownRoom();
  const mixtures = new Map<string, { value: StepValue; mixture: Mixture }>();
  const increases = new Increases();
  let looked = 0;
  for await (const rows of passingRows(connection, statement, room)) {
    for (const row of rows) {
      // Parsing is long: whoever sends telemetry has their turn in between.
      if (++looked % rowsPerTurn === 0) await setImmediate();
      const step = row.step as number;
      const brought = increases.of(row);
      if (step < 0) continue;
      const labels = labelsOf(query, row);
      const name = JSON.stringify([labels, step]);
      const known = mixtures.get(name);
      const { mixture } = known ?? { mixture: new Mixture() };
      const before = known ? mixture.bytes : 0;
      for (const each of brought) mixture.add(each);
      if (!known) mixtures.set(name, { value: { labels, step, value: null }, mixture });
      const entry = known ? 0 : entryBytes + 2 * weigh(labels).objects;
      await room.take({ objects: entry + mixture.bytes - before, text: 0 });
    }
  }
  return [...mixtures.values()].map(({ value, mixture }) => ({
    ...value,
    value: mixture.quantile(quantile),
  }));
}

/** Rows come by series and time; each is compared with the one before it. */
class Increases {
  #before: { row: ResultRow; distribution: Distribution | undefined } | undefined;

  of(row: ResultRow): Distribution[] {
    if (row.is_delta) {
      const shapes = (row.shapes as { items: string[] }).items;
      return shapes.flatMap((shape) => parse(shape) ?? []);
    }
    const before = this.#before;
    const isSameSeries = before?.row.series_key === row.series_key;
    const isSameEpoch = isSameSeries && before?.row.epoch === row.epoch;
    const distribution = parse(row.last_shape as string | null);
    this.#before = { row, distribution };
    if (!distribution || (!isSameSeries && row.is_unknown)) return [];
    const base = isSameEpoch ? before?.distribution : undefined;
    return [base ? difference(distribution, base) : distribution];
  }
}

function parse(shape: string | null): Distribution | undefined {
  return shape === null ? undefined : parseDistribution(JSON.parse(shape) as Shape);
}
