/**
 * The read side of a search store: what the query API asks. Every query is bounded by `limit` and
 * answers only for its tenant. What does not fit into its room is left out where a page can end before
 * it, else refused.
 * Throws a `StoreError`: `invalid-query`, `too-much-asked`, `overloaded`, `unsupported` or
 * `unavailable`, see `errors.ts`; or the reason of `ending` when that is aborted.
 */
import type { Abortable } from '@spillway/ledger';
import type { AnswerRoom } from '../answer-room.ts';
import type {
  HistogramBar,
  LogView,
  MetricAnswer,
  MetricInfo,
  OperationSummary,
  PointView,
  ServiceSummary,
  SpanView,
  TraceSummary,
} from './views.ts';

/** ms since the epoch; `from` inclusive, `to` exclusive. */
export interface TimeRange {
  fromMs: number;
  toMs: number;
}

export interface Page<T> {
  items: T[];
  /** Give it back to read on; undefined at the end. */
  cursor: string | undefined;
}

/** Of every question for telemetry. */
export interface Asked extends Abortable {
  /** What it may hold; without it, more than any client may. */
  room?: AnswerRoom | undefined;
}

interface Query extends TimeRange, Asked {
  tenant: string;
  /** At most 1,000 (10,000 for the spans of one trace). */
  limit: number;
  cursor?: string | undefined;
}

export interface TraceQuery extends Query {
  service?: string | undefined;
  operation?: string | undefined;
  minDurationMs?: number | undefined;
  maxDurationMs?: number | undefined;
  status?: 'ok' | 'error' | undefined;
  /** Attribute filters, all of which a span of the trace must have: key to value as text. */
  attributes?: Readonly<Record<string, string>> | undefined;
}

export interface LogQuery extends Query {
  /** Words that the body or an attribute value must contain, all of them, case-insensitive. */
  query?: string | undefined;
  traceId?: string | undefined;
  spanId?: string | undefined;
  service?: string | undefined;
  /** Lowest severity number, 1 to 24. */
  severityMin?: number | undefined;
  attributes?: Readonly<Record<string, string>> | undefined;
  /** Newest first unless 'asc'. */
  order?: 'asc' | 'desc' | undefined;
}

export interface MetricQuery extends TimeRange, Asked {
  tenant: string;
  name: string;
  /** Attribute keys of the point, or `service`. */
  groupBy: readonly string[];
  /** `rate` is per second and knows counter resets of cumulative sums; pNN need a histogram. */
  agg: 'avg' | 'sum' | 'min' | 'max' | 'last' | 'count' | 'rate' | 'p50' | 'p90' | 'p95' | 'p99';
  stepMs: number;
  service?: string | undefined;
  attributes?: Readonly<Record<string, string>> | undefined;
  /** At most 50 series, the largest ones; the rest is counted in `seriesDropped`. */
  seriesMax: number;
}

export interface SearchReader {
  findTraces(query: TraceQuery): Promise<Page<TraceSummary>>;
  /**
   * Spans of a trace by start time; undefined when there is none. At most 10,000, and no more than
   * an answer has room for.
   */
  trace(
    tenant: string,
    traceId: string,
    asked?: Asked,
  ): Promise<{ spans: SpanView[]; truncated: boolean } | undefined>;
  findLogs(query: LogQuery): Promise<Page<LogView>>;
  logHistogram(query: LogQuery & { bars: number }): Promise<HistogramBar[]>;
  metrics(query: Query & { search?: string | undefined }): Promise<MetricInfo[]>;
  queryMetric(query: MetricQuery): Promise<MetricAnswer>;
  points(query: Query & { name: string }): Promise<Page<PointView>>;
  services(query: Query): Promise<ServiceSummary[]>;
  operations(query: Query & { service: string }): Promise<OperationSummary[]>;
}
