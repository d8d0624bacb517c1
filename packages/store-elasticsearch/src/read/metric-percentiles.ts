import type { MetricQuery } from '@spillway/store';
import {
  type Distribution,
  difference,
  Mixture,
  parseDistribution,
  type StepValue,
} from '@spillway/store/search';
import type { Reader } from './reader.ts';
import { type SeriesPoint, scanPoints } from './scan-points.ts';
import { StepCells } from './step-cells.ts';

/**
 * Quantiles of the observations that each step brought, from explicit and exponential buckets.
 * Of a cumulative series only the last point of a step (and before a reset) is needed.
 */
export async function readPercentiles(
  reader: Reader,
  query: MetricQuery,
  quantile: number,
): Promise<{ values: StepValue[]; dropped: number }> {
  const cells = new StepCells({ make: () => new Mixture(), cellBytes: 300 });
  let before: Run | undefined;
  let run: Run | undefined;
  const settle = async () => {
    if (!run) return;
    const brought = broughtBy(run, before);
    const mixture = brought.length > 0 ? cells.of(run.last) : undefined;
    const bytes = mixture?.bytes ?? 0;
    for (const each of brought) mixture?.add(each);
    const { objects } = cells.takeGrowth();
    await reader.room.take({ objects: objects + (mixture?.bytes ?? 0) - bytes, text: 0 });
    before = run;
  };
  for await (const point of scanPoints(reader, query, { shapes: true })) {
    if (!point.series.isDistribution || !point.shape) continue;
    if (run && isSameRun(run.last, point)) {
      run.isUnknown ||= point.isUnknown;
      run.last = point;
      if (point.series.isDelta) run.shapes.push(point.shape);
      continue;
    }
    await settle();
    run = { last: point, isUnknown: point.isUnknown, shapes: [point.shape] };
  }
  await settle();
  const values = cells.values((mixture) => mixture.quantile(quantile));
  return { values, dropped: cells.dropped };
}

/** Points of one series within a step, without a reset in between. */
interface Run {
  last: SeriesPoint;
  isUnknown: boolean;
  /** All of a delta series. */
  shapes: NonNullable<SeriesPoint['shape']>[];
}

function isSameRun(a: SeriesPoint, b: SeriesPoint): boolean {
  return a.seriesKey === b.seriesKey && a.step === b.step && a.epoch === b.epoch;
}

function broughtBy(run: Run, before: Run | undefined): Distribution[] {
  const { last, shapes, isUnknown } = run;
  if (last.step < 0) return [];
  if (last.series.isDelta) return shapes.flatMap((shape) => parseDistribution(shape) ?? []);
  const isSameSeries = before?.last.seriesKey === last.seriesKey;
  const now = last.shape && parseDistribution(last.shape);
  if (!now || (!isSameSeries && isUnknown)) return [];
  const isSameEpoch = isSameSeries && before.last.epoch === last.epoch;
  const base = isSameEpoch ? before.last.shape && parseDistribution(before.last.shape) : undefined;
  return [base ? difference(now, base) : now];
}
