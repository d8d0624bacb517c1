/** The steps of a metric query, and what of its series is answered. */
import { type Held, ownRoom } from '../answer-room.ts';
import type { MetricQuery } from './search-reader.ts';
import type { MetricSeries } from './views.ts';

/** More steps than a chart has pixels: the step is widened. */
const stepsMax = 2_000;
const lookBackMinMs = 300_000;
const seriesMax = 50;

/** The value of a series in one step. */
export interface StepValue {
  /** The same object for the values of one series, or equal ones. */
  labels: Record<string, string>;
  step: number;
  value: number | null;
}

/** What one step holds in a list, beside its labels. */
export const stepValueHeld: Held = { objects: 72, text: 0 };

/** Divides the range of a metric query into its steps. */
export function metricSteps({ fromMs, toMs, stepMs }: MetricQuery) {
  const rangeMs = Math.max(1, toMs - fromMs);
  const widened = Math.max(1, Math.ceil(stepMs), Math.ceil(rangeMs / stepsMax));
  return { stepMs: widened, steps: Math.ceil(rangeMs / widened) };
}

/** Points this far before the range show what a cumulative series had reached. */
export function lookBackMs(stepMs: number): number {
  return Math.max(lookBackMinMs, 2 * stepMs);
}

/** How many series an answer has at most. */
export function seriesLimit(asked: number): number {
  return Math.max(1, Math.min(asked, seriesMax));
}

/** The quantiles among the aggregates, from 0 to 1. */
export const percentileOf: Readonly<Record<string, number | undefined>> = {
  p50: 0.5,
  p90: 0.9,
  p95: 0.95,
  p99: 0.99,
};

/** What a step in an answer holds: a pair in a list, and the text of both numbers. */
const pointHeld: Held = { objects: 112, text: 44 };

/** The largest series, in that order, with every step; of the others how many there are. */
export async function gatherSeries(
  query: MetricQuery,
  values: readonly StepValue[],
): Promise<{ series: MetricSeries[]; dropped: number }> {
  const { steps } = metricSteps(query);
  const sizes = new Map<string, { labels: Record<string, string>; size: number }>();
  const names = new WeakMap<object, string>();
  const nameOf = (labels: Record<string, string>): string => {
    const name = names.get(labels) ?? JSON.stringify(labels);
    names.set(labels, name);
    return name;
  };
  const shown = values.filter(({ step, value }) => {
    return value !== null && Number.isFinite(value) && step >= 0 && step < steps;
  });
  for (const { labels, value } of shown) {
    const entry = sizes.get(nameOf(labels)) ?? { labels, size: 0 };
    entry.size += Math.abs(value as number);
    sizes.set(nameOf(labels), entry);
  }
  const bySize = [...sizes].sort(([a, x], [b, y]) => y.size - x.size || (a < b ? -1 : 1));
  const largest = bySize.slice(0, seriesLimit(query.seriesMax));
  const points = steps * largest.length;
  const { objects, text } = pointHeld;
  await (query.room ?? ownRoom()).take({ objects: points * objects, text: points * text });
  const series = new Map(
    largest.map(([name, { labels }]) => [name, { labels, points: emptyPoints(query) }]),
  );
  for (const { labels, step, value } of shown) {
    const point = series.get(nameOf(labels))?.points[step];
    if (point) point[1] = value;
  }
  return { series: [...series.values()], dropped: bySize.length - largest.length };
}

function emptyPoints(query: MetricQuery): [number, number | null][] {
  const { stepMs, steps } = metricSteps(query);
  return Array.from({ length: steps }, (_, i) => [query.fromMs + i * stepMs, null]);
}
