import type { TimeRange } from './search-reader.ts';
import type { HistogramBar } from './views.ts';

const barsMax = 500;

/**
 * The range cut into equal parts, at most `bars` of them. They are counted, not reached by adding:
 * far from the epoch a sum may stay what it was.
 */
export function emptyBars({ fromMs, toMs, bars }: TimeRange & { bars: number }): {
  widthMs: number;
  bars: HistogramBar[];
} {
  const wanted = Math.max(1, Math.min(Math.floor(bars), barsMax));
  const rangeMs = toMs - fromMs;
  const widthMs = Math.max(1, Math.ceil(rangeMs / wanted));
  const parts = Math.max(0, Math.min(wanted, Math.ceil(rangeMs / widthMs)));
  const barOf = (_: unknown, i: number): HistogramBar => ({
    fromMs: fromMs + i * widthMs,
    counts: {},
  });
  return { widthMs, bars: Array.from({ length: parts }, barOf) };
}
