/** The steps of a metric query, and what of its series is answered. */
import type { MetricQuery, MetricSeries } from './search-store.ts';

/** More steps than a chart has pixels: the step is widened. */
const stepsMax = 2_000;
const lookBackMinMs = 300_000;
const seriesMax = 50;

export interface StepValue {
  labels: Record<string, string>;
  step: number;
  value: number | null;
}

export function metricSteps({ fromMs, toMs, stepMs }: MetricQuery) {
  const rangeMs = Math.max(1, toMs - fromMs);
  const widened = Math.max(1, Math.ceil(stepMs), Math.ceil(rangeMs / stepsMax));
  return { stepMs: widened, steps: Math.ceil(rangeMs / widened) };
}

/** Points this far before the range tell what a cumulative series had reached. */
export function lookBackMs(stepMs: number): number {
  return Math.max(lookBackMinMs, 2 * stepMs);
}

/** How many series an answer has at most. */
export function seriesLimit(asked: number): number {
  return Math.max(1, Math.min(asked, seriesMax));
}

/** Of the aggregates that are quantiles, from 0 to 1. */
export const percentileOf: Readonly<Record<string, number | undefined>> = {
  p50: 0.5,
  p90: 0.9,
  p95: 0.95,
  p99: 0.99,
};

/** The largest series first; every step is there. */
export function gatherSeries(query: MetricQuery, values: readonly StepValue[]): MetricSeries[] {
  const { stepMs, steps } = metricSteps(query);
  const found = new Map<string, { series: MetricSeries; size: number }>();
  for (const { labels, step, value } of values) {
    if (value === null || !Number.isFinite(value) || step < 0 || step >= steps) continue;
    const name = JSON.stringify(labels);
    let entry = found.get(name);
    if (!entry) {
      const points = Array.from({ length: steps }, (_, i): [number, number | null] => [
        query.fromMs + i * stepMs,
        null,
      ]);
      entry = { series: { labels, points }, size: 0 };
      found.set(name, entry);
    }
    const point = entry.series.points[step];
    if (point) point[1] = value;
    entry.size += Math.abs(value);
  }
  const bySize = [...found].sort(([a, x], [b, y]) => y.size - x.size || (a < b ? -1 : 1));
  return bySize.map(([, { series }]) => series);
}
