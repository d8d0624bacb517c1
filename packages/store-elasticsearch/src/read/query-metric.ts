import type { MetricAnswer, MetricQuery } from '@spillway/store';
import { gatherSeries, metricSteps, percentileOf, type StepValue } from '@spillway/store/search';
import { findMetric } from './list-metrics.ts';
import { readPercentiles } from './metric-percentiles.ts';
import { readExemplars } from './read-points.ts';
import type { Reader } from './reader.ts';
import { type SeriesPoint, scanPoints } from './scan-points.ts';
import { StepCells } from './step-cells.ts';

/**
 * One metric in steps. Within a step and a group of series:
 * - `avg`, `min`, `max` are over all points, `last` is the latest one, `count` how many there are;
 * - `sum` adds up the values of a delta sum, and otherwise the last value of each series;
 * - `rate` is the increase per second: what a delta sum brought, or what a cumulative one grew by;
 * - of histograms and summaries, `sum`, `count`, `rate` and `avg` are of the observations that the
 *   step brought, and `last` is the mean of the latest point. A cumulative series that starts again
 *   counts from zero. Points without a value are left out.
 */
export async function queryMetric(reader: Reader, query: MetricQuery): Promise<MetricAnswer> {
  const info = await findMetric(reader, query);
  if (!info) return { info, series: [], seriesDropped: 0, exemplars: [] };
  const quantile = percentileOf[query.agg];
  const { values, dropped } =
    quantile === undefined
      ? await readValues(reader, query)
      : await readPercentiles(reader, query, quantile);
  const { series, dropped: others } = await gatherSeries(query, values);
  const exemplars = await readExemplars(reader, query);
  return { info, series, seriesDropped: others + dropped, exemplars };
}

/** Bytes of a cell of numbers, in memory. */
const cellBytes = 400;
const pointsPerLook = 500;

interface Cell {
  isDistribution: boolean;
  isDelta: boolean;
  points: number;
  total: number | undefined;
  low: number | undefined;
  high: number | undefined;
  last: number | undefined;
  lastUs: number;
  /** Total of the last values of the series that are done. */
  lastTotal: number | undefined;
  increase: number | undefined;
  sumIncrease: number | undefined;
}

function emptyCell({ series }: SeriesPoint): Cell {
  return {
    isDistribution: series.isDistribution,
    isDelta: series.isDelta,
    points: 0,
    total: undefined,
    low: undefined,
    high: undefined,
    last: undefined,
    lastUs: Number.NEGATIVE_INFINITY,
    lastTotal: undefined,
    increase: undefined,
    sumIncrease: undefined,
  };
}

async function readValues(
  reader: Reader,
  query: MetricQuery,
): Promise<{ values: StepValue[]; dropped: number }> {
  const cells = new StepCells<Cell>({ make: emptyCell, cellBytes });
  /** The last value of a series in a step is known when the next step or series begins. */
  let points = 0;
  let latest: { point: SeriesPoint; cell: Cell } | undefined;
  const settle = () => {
    if (latest) latest.cell.lastTotal = plus(latest.cell.lastTotal, latest.point.value);
  };
  for await (const point of scanPoints(reader, query, { shapes: false })) {
    if (point.step < 0) continue;
    const cell = cells.of(point);
    if (!cell) continue;
    const before = latest?.point;
    if (before?.seriesKey !== point.seriesKey || before.step !== point.step) settle();
    latest = { point, cell };
    add(cell, point);
    if (++points % pointsPerLook === 0) await reader.room.take(cells.takeGrowth());
  }
  await reader.room.take(cells.takeGrowth());
  settle();
  const divisor = query.agg === 'rate' ? metricSteps(query).stepMs / 1000 : 1;
  const values = cells.values(({ ...cell }) => {
    const value = aggregate(cell, query.agg);
    return value === undefined ? null : value / divisor;
  });
  return { values, dropped: cells.dropped };
}

function add(cell: Cell, point: SeriesPoint): void {
  const { value, low, high } = point;
  cell.isDistribution ||= point.series.isDistribution;
  cell.isDelta ||= point.series.isDelta;
  cell.points++;
  cell.total = plus(cell.total, value);
  if (low !== undefined) cell.low = Math.min(cell.low ?? low, low);
  if (high !== undefined) cell.high = Math.max(cell.high ?? high, high);
  if (value !== undefined && point.timeUs >= cell.lastUs) {
    cell.last = value;
    cell.lastUs = point.timeUs;
  }
  cell.increase = plus(cell.increase, point.increase);
  cell.sumIncrease = plus(cell.sumIncrease, point.sumIncrease);
}

function aggregate(cell: Cell, agg: MetricQuery['agg']): number | undefined {
  const { isDistribution, isDelta, increase, sumIncrease } = cell;
  if (agg === 'min') return cell.low;
  if (agg === 'max') return cell.high;
  if (agg === 'last') return cell.last;
  if (agg === 'rate') return increase;
  if (agg === 'count') return isDistribution ? increase : cell.points;
  if (agg === 'sum') {
    if (isDistribution) return sumIncrease;
    return isDelta ? increase : cell.lastTotal;
  }
  if (!isDistribution) return cell.total === undefined ? undefined : cell.total / cell.points;
  return sumIncrease !== undefined && increase ? sumIncrease / increase : undefined;
}

function plus(sum: number | undefined, value: number | undefined): number | undefined {
  return value === undefined ? sum : (sum ?? 0) + value;
}
