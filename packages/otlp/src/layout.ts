/**
 * The nesting that the three signals share: request → Resource* → Scope* → record, where a metric
 * holds one level more. Field numbers are equal in all of them.
 * Source: opentelemetry-proto, `trace.proto`, `metrics.proto`, `logs.proto`.
 */
import { OtlpError, type OtlpErrorCode, WireError } from './errors.ts';
import { wireBytes } from './reader.ts';
import type { Metric } from './records.ts';
import type { Signal } from './signal.ts';

/** Requests with more records are refused: it bounds what a decoder makes of empty records. */
export const recordsMax = 262_144;

/** `Export*ServiceRequest.resource_*`. */
export const resourcesTag = tagOf(1);
/** `Resource*.resource`, `Scope*.scope`: what the records below have in common. */
export const commonTag = tagOf(1);
/** `Resource*.scope_*`. */
export const scopesTag = tagOf(2);
/** `ScopeSpans.spans`, `ScopeLogs.log_records`, `ScopeMetrics.metrics`. */
export const recordsTag = tagOf(2);
export const schemaUrlTag = tagOf(3);
/** `data_points` of every metric type. */
export const pointsTag = tagOf(1);

/** `Metric.data`, a oneof. */
export const metricTypeByTag: ReadonlyMap<number, Metric['type']> = new Map([
  [tagOf(5), 'gauge'],
  [tagOf(7), 'sum'],
  [tagOf(9), 'histogram'],
  [tagOf(10), 'exponential_histogram'],
  [tagOf(11), 'summary'],
]);

/** Spans and log records lie in a scope, data points one level below, in a metric of the scope. */
export const recordsLieIn: Readonly<Record<Signal, 'scope' | 'metric'>> = {
  traces: 'scope',
  logs: 'scope',
  metrics: 'metric',
};

const names: Readonly<Record<Signal, readonly string[]>> = {
  traces: ['resource_spans', 'scope_spans', 'spans'],
  metrics: ['resource_metrics', 'scope_metrics', 'metrics', 'data_points'],
  logs: ['resource_logs', 'scope_logs', 'log_records'],
};

export function tagOf(field: number, wire: number = wireBytes): number {
  return field * 8 + wire;
}

/**
 * The place of a walk in a message. It costs two stores an element; the text is made when something
 * is wrong.
 */
export class Place {
  readonly #names: readonly string[];
  readonly #indexes = [-1, -1, -1, -1];
  #depth = 0;
  /** Field name of the metric's data, in front of `data_points`. */
  dataName = '';

  constructor(signal: Signal) {
    this.#names = names[signal];
  }

  /** At the next element of `level`: 0 resource, 1 scope, 2 record or metric, 3 data point. */
  next(level: number): void {
    this.#indexes[level] = (this.#indexes[level] as number) + 1;
    this.#indexes[level + 1] = -1;
    this.#depth = level + 1;
  }

  /** Back in the element that holds `level`. */
  leave(level: number): void {
    this.#depth = level;
  }

  toString(): string {
    const parts = this.#names.slice(0, this.#depth).map((name, level) => {
      return `${level === 3 ? `${this.dataName}.` : ''}${name}[${this.#indexes[level]}]`;
    });
    return parts.join('.');
  }
}

/** Runs a walk; what the reader could not read becomes an `OtlpError` that names the place. */
export function atPlace<T>(place: Place, walk: () => T): T {
  try {
    return walk();
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    throw new OtlpError({ path: String(place), reason: error.message, offset: error.offset });
  }
}

/** `most`: of a request of this size, where it is less than `recordsMax`. */
export function checkRecords(records: number, most = recordsMax): void {
  if (records <= most) return;
  const code: OtlpErrorCode = 'too-many-records';
  const reason = `more than the ${most} records that one request of its size may have`;
  throw new OtlpError({ code, path: '', reason, offset: 0 });
}
