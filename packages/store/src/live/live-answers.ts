import type { SpanRecord } from '@spillway/otlp';
import type { TimeRange } from '../search/search-reader.ts';
import type { OperationSummary, ServiceSummary } from '../search/views.ts';
import type { MapEdge } from './live-store.ts';
import type { Sketch } from './sketch.ts';

/** Roll-ups count in buckets of this width. */
export const bucketMs = 10_000;
const sparklineBuckets = 30;

/** What is known of one name over a range. */
export interface Counted {
  readonly count: number;
  readonly errors: number;
  readonly lastMs: number;
  readonly durations: Sketch;
}

/** Server, consumer and root spans are requests; the others are seen from their caller. */
export function isRequest({ kind, parentSpanId }: SpanRecord): boolean {
  return kind === 2 || kind === 5 || parentSpanId === '';
}

/** Computes the duration of a span in milliseconds, never below 0. */
export function durationMsOf({ startTimeUnixNano, endTimeUnixNano }: SpanRecord): number {
  const nano = endTimeUnixNano - startTimeUnixNano;
  return nano > 0n ? Number(nano) / 1e6 : 0;
}

/** Computes rate, errors and durations of requests over a range (the RED method). */
export function redOf({ count, errors, lastMs, durations }: Counted, { fromMs, toMs }: TimeRange) {
  return {
    ratePerSecond: count / Math.max(1e-3, (toMs - fromMs) / 1000),
    errorRatio: count === 0 ? 0 : errors / count,
    p50Ms: durations.quantile(0.5),
    p95Ms: durations.quantile(0.95),
    p99Ms: durations.quantile(0.99),
    lastSeenMs: lastMs,
  };
}

/**
 * Counts requests in 30 equal parts of a range, oldest first; buckets that reach into it count
 * whole.
 */
export class Sparkline {
  readonly counts = new Array<number>(sparklineBuckets).fill(0);
  readonly #fromMs: number;
  readonly #widthMs: number;

  constructor({ fromMs, toMs }: TimeRange) {
    this.#fromMs = fromMs;
    this.#widthMs = Math.max(1, Math.ceil((toMs - fromMs) / sparklineBuckets));
  }

  add(startMs: number, count: number): void {
    const part = Math.floor((startMs - this.#fromMs) / this.#widthMs);
    const at = Math.min(Math.max(0, part), sparklineBuckets - 1);
    this.counts[at] = (this.counts[at] ?? 0) + count;
  }
}

/** Busiest first, by name where equal. */
export function sortServices(found: ServiceSummary[]): ServiceSummary[] {
  return found.sort(
    (a, b) => b.ratePerSecond - a.ratePerSecond || (a.service < b.service ? -1 : 1),
  );
}

/** Sorts operations, the busiest first. */
export function sortOperations(found: OperationSummary[]): OperationSummary[] {
  return found.sort(
    (a, b) => b.ratePerSecond - a.ratePerSecond || (a.operation < b.operation ? -1 : 1),
  );
}

/** Sorts the edges of the service map, the busiest first. */
export function sortEdges(found: MapEdge[]): MapEdge[] {
  return found.sort((a, b) => b.calls - a.calls || (a.from + a.to < b.from + b.to ? -1 : 1));
}
