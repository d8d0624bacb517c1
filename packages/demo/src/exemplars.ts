import type { Attributes, SpanContext } from '@opentelemetry/api';

/** An exemplar as OTLP/JSON writes it. */
export interface ExemplarJson {
  timeUnixNano: string;
  asDouble: number;
  traceId: string;
  spanId: string;
}

export interface Measurement {
  metric: string;
  attributes: Attributes;
  value: number;
  /** ms since the epoch. */
  timeMs: number;
  span: SpanContext;
}

/** Buckets of a duration in seconds, as the semantic conventions advise. */
export const boundsS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

/**
 * The latest measurement of each bucket of each series since they were taken: the specification's
 * AlignedHistogramBucketExemplarReservoir, which the JavaScript SDK (3.1) does not have.
 */
export class Exemplars {
  readonly #bySeries = new Map<string, (ExemplarJson | undefined)[]>();

  offer({ metric, attributes, value, timeMs, span }: Measurement): void {
    const series = seriesOf(metric, attributes);
    const kept = this.#bySeries.get(series) ?? [];
    this.#bySeries.set(series, kept);
    const found = boundsS.findIndex((bound) => value <= bound);
    kept[found < 0 ? boundsS.length : found] = {
      timeUnixNano: String(BigInt(Math.round(timeMs * 1000)) * 1000n),
      asDouble: value,
      traceId: span.traceId,
      spanId: span.spanId,
    };
  }

  /** Each is given once. */
  take(metric: string, attributes: Attributes): ExemplarJson[] {
    const series = seriesOf(metric, attributes);
    const kept = this.#bySeries.get(series) ?? [];
    this.#bySeries.delete(series);
    return kept.filter((exemplar) => exemplar !== undefined);
  }
}

function seriesOf(metric: string, attributes: Attributes): string {
  const entries = Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([metric, entries]);
}
