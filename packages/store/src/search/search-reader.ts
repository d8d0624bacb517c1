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

/** A range of time in ms since the epoch; `fromMs` is part of it, `toMs` is not. */
export interface TimeRange {
  fromMs: number;
  toMs: number;
}

/** A part of a longer list, which a query with the cursor continues. */
export interface Page<T> {
  items: T[];
  /** To be given with the same query to read on; undefined at the end. */
  cursor: string | undefined;
}

/** What every question for telemetry comes with: when it ends, and how large its answer may be. */
export interface Asked extends Abortable {
  /** What the answer may hold; where it is absent, more than any client's answer may. */
  room?: AnswerRoom | undefined;
}

interface Query extends TimeRange, Asked {
  tenant: string;
  /** At most 1,000 (10,000 for the spans of one trace). */
  limit: number;
  cursor?: string | undefined;
}

/**
 * A search for traces. Service, operation and attributes must be those of one span in the range;
 * duration and status are those of the whole trace.
 */
export interface TraceQuery extends Query {
  service?: string | undefined;
  /** Name of a span. */
  operation?: string | undefined;
  minDurationMs?: number | undefined;
  maxDurationMs?: number | undefined;
  /** `error`: at least one span failed; `ok`: none did. */
  status?: 'ok' | 'error' | undefined;
  /** Attributes of the span or its resource, all of which it must have: key to value as text. */
  attributes?: Readonly<Record<string, string>> | undefined;
}

/** A search for log records, all of whose filters a record must pass. */
export interface LogQuery extends Query {
  /** Words that the body or an attribute value must contain, all of them, case-insensitive. */
  query?: string | undefined;
  traceId?: string | undefined;
  spanId?: string | undefined;
  service?: string | undefined;
  /** Lowest severity number, 1 to 24. */
  severityMin?: number | undefined;
  /** Attributes of the record or its resource, all of which it must have: key to value as text. */
  attributes?: Readonly<Record<string, string>> | undefined;
  /** Newest first unless 'asc'. */
  order?: 'asc' | 'desc' | undefined;
}

/** A question for one metric, aggregated in steps of time and in groups of its series. */
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

/**
 * The read side of a search store, which the query API asks. Every query is bounded, and answers
 * only for its tenant. Throws a `StoreError`, or the reason of `ending` when that is aborted.
 */
export interface SearchReader {
  findTraces(query: TraceQuery): Promise<Page<TraceSummary>>;
  /**
   * Reads the spans of a trace by start time; undefined when there is none. At most 10,000, and no
   * more than an answer has room for.
   */
  trace(
    tenant: string,
    traceId: string,
    asked?: Asked,
  ): Promise<{ spans: SpanView[]; truncated: boolean } | undefined>;
  findLogs(query: LogQuery): Promise<Page<LogView>>;
  /**
   * Counts the records that `findLogs` finds in at most `bars` equal parts of the range, 500 at
   * most.
   */
  logHistogram(query: LogQuery & { bars: number }): Promise<HistogramBar[]>;
  metrics(query: Query & { search?: string | undefined }): Promise<MetricInfo[]>;
  queryMetric(query: MetricQuery): Promise<MetricAnswer>;
  /** Reads the data points of a metric as they were sent. */
  points(query: Query & { name: string }): Promise<Page<PointView>>;
  /** Sums up every service with a span in the range, the busiest first. */
  services(query: Query): Promise<ServiceSummary[]>;
  /** Sums up the requests of one service by operation and span kind, the busiest first. */
  operations(query: Query & { service: string }): Promise<OperationSummary[]>;
}
