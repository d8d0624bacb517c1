/**
 * The read side for the console: traces, logs, metrics. Times are decimal strings of nanoseconds
 * since the epoch (they do not fit a JSON number), durations are ns as numbers.
 * Every query is bounded by `limit` and answers only for its tenant. What does not fit into its room
 * is left out where a page can end before it, else refused with `TooMuchAskedError`.
 */
import type { SafetyFinding } from '@spillway/broker';
import type { Abortable, LedgerSide, RowCount } from '@spillway/ledger';
import type { AnyValue, Exemplar, KeyValue, MetricPoint } from '@spillway/otlp';
import type { AnswerRoom } from './answer-room.ts';
import type { Rebuildable } from './rebuild.ts';
import type { Sink } from './sink.ts';

/**
 * A store that repeats resource, scope and metric in each record may cut what is large of them. An
 * attribute of this name then stands among theirs; all of it is in the write store.
 */
export const cutMark = 'spillway.cut';

/** A range in ms since the epoch; `from` inclusive, `to` exclusive. */
export interface TimeRange {
  fromMs: number;
  toMs: number;
}

/** Part of a list; `cursor` goes on behind it, and is absent at the end. */
export interface Page<T> {
  items: T[];
  /** Give it back to read on; undefined at the end. */
  cursor: string | undefined;
}

/** What every question for telemetry has. */
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

/** A question for traces. */
export interface TraceQuery extends Query {
  service?: string | undefined;
  operation?: string | undefined;
  minDurationMs?: number | undefined;
  maxDurationMs?: number | undefined;
  status?: 'ok' | 'error' | undefined;
  /** Attribute filters, all of which a span of the trace must have: key to value as text. */
  attributes?: Readonly<Record<string, string>> | undefined;
}

/** One trace in a list. */
export interface TraceSummary {
  traceId: string;
  /** Service of the root span, or of the earliest one seen when the root is missing. */
  rootService: string;
  rootOperation: string;
  startTimeUnixNano: string;
  durationNano: number;
  spans: number;
  errors: number;
  services: string[];
}

/** A span as the query API answers it. */
export interface SpanView {
  traceId: string;
  spanId: string;
  parentSpanId: string;
  traceState: string;
  flags: number;
  service: string;
  name: string;
  kind: number;
  startTimeUnixNano: string;
  durationNano: number;
  endTimeUnixNano: string;
  statusCode: number;
  statusMessage: string;
  attributes: KeyValue[];
  droppedAttributesCount: number;
  events: {
    timeUnixNano: string;
    name: string;
    attributes: KeyValue[];
    droppedAttributesCount: number;
  }[];
  droppedEventsCount: number;
  links: {
    traceId: string;
    spanId: string;
    traceState: string;
    flags: number;
    attributes: KeyValue[];
    droppedAttributesCount: number;
  }[];
  droppedLinksCount: number;
  resource: ResourceView;
  scope: ScopeView;
}

/** A resource as the query API answers it. */
export interface ResourceView {
  attributes: KeyValue[];
  droppedAttributesCount: number;
  schemaUrl: string;
}

/** An instrumentation scope as the query API answers it. */
export interface ScopeView extends ResourceView {
  name: string;
  version: string;
}

/** A question for log records. */
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

/** A log record as the query API answers it. */
export interface LogView {
  key: string;
  timeUnixNano: string;
  observedTimeUnixNano: string;
  severityNumber: number;
  severityText: string;
  body: AnyValue | undefined;
  eventName: string;
  service: string;
  traceId: string;
  spanId: string;
  flags: number;
  attributes: KeyValue[];
  droppedAttributesCount: number;
  resource: ResourceView;
  scope: ScopeView;
}

/** One bar of the histogram of log records. */
export interface HistogramBar {
  fromMs: number;
  /** Counts by severity band: trace, debug, info, warn, error, fatal, unset. */
  counts: Record<string, number>;
}

/** A metric in a list. */
export interface MetricInfo {
  name: string;
  description: string;
  unit: string;
  type: MetricPoint['metric']['type'];
  temporality: number;
  monotonic: boolean;
  services: string[];
  attributeKeys: string[];
}

/** A question for a metric in steps. */
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

/** One line of a metric answer. */
export interface MetricSeries {
  labels: Record<string, string>;
  /** [ms since the epoch of the step's start, value]; null where the step has no point. */
  points: [number, number | null][];
}

/** An exemplar as the query API answers it. */
export interface ExemplarView {
  timeMs: number;
  value: number;
  traceId: string;
  spanId: string;
  labels: Record<string, string>;
}

/** The answer to a metric query. */
export interface MetricAnswer {
  info: MetricInfo | undefined;
  series: MetricSeries[];
  seriesDropped: number;
  /** At most 200 in the range, those with a trace id. */
  exemplars: ExemplarView[];
}

/** A data point as it was sent, for the API and for tests; bigints as decimal strings. */
export interface PointView {
  key: string;
  metric: MetricPoint['metric'];
  service: string;
  attributes: KeyValue[];
  startTimeUnixNano: string;
  timeUnixNano: string;
  flags: number;
  value: { int: string } | { double: number | string } | undefined;
  count: string | undefined;
  sum: number | undefined;
  min: number | undefined;
  max: number | undefined;
  bucketCounts: string[] | undefined;
  explicitBounds: number[] | undefined;
  scale: number | undefined;
  zeroCount: string | undefined;
  zeroThreshold: number | undefined;
  positive: { offset: number; bucketCounts: string[] } | undefined;
  negative: { offset: number; bucketCounts: string[] } | undefined;
  quantiles: { quantile: number; value: number }[] | undefined;
  exemplars: (Omit<Exemplar, 'timeUnixNano' | 'value'> & {
    timeUnixNano: string;
    value: { int: string } | { double: number | string } | undefined;
  })[];
  resource: ResourceView;
  scope: ScopeView;
}

/** Figures of one service in a range of time. */
export interface ServiceSummary {
  service: string;
  /** Server, consumer and root spans per second over the range. */
  ratePerSecond: number;
  /** 0 to 1. */
  errorRatio: number;
  p50Ms: number;
  p95Ms: number;
  p99Ms: number;
  lastSeenMs: number;
  /** Requests per bucket, oldest first: the sparkline. */
  sparkline: number[];
}

/** Figures of one operation of a service in a range of time. */
export interface OperationSummary extends Omit<ServiceSummary, 'service' | 'sparkline'> {
  operation: string;
  kind: number;
}

/** A store that takes records and answers questions for them. */
export interface SearchStore extends Sink, LedgerSide, Rebuildable {
  /** What is unsafe about the started store; absent where nothing can be. */
  inspect?(): Promise<SafetyFinding[]>;
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
  /**
   * Drops records placed before the time (ms since the epoch); they stay counted as `retired`. Their
   * account goes a day after them, and not before `accountOlderThanMs`: an audit adds up the minutes
   * that the write store remembers.
   */
  retain(olderThanMs: number, accountOlderThanMs?: number): Promise<number>;
  /** Takes over what is gone from the write store, so that the account of a rebuild adds up. */
  addRetired(counts: readonly RowCount[]): Promise<void>;
  /** Empty and ready to be filled again: for `rebuild search`. */
  reset(): Promise<void>;
}

/** More would have to be read, or held in memory, than one question may cost: ask for less. */
export class TooMuchAskedError extends Error {
  constructor(what: string, options?: ErrorOptions) {
    super(`${what}: ask for a shorter range, a lower limit, or filter more`, options);
    this.name = 'TooMuchAskedError';
  }
}

/** The cursor of a query is not one that this query gave. */
export class InvalidCursorError extends Error {
  constructor() {
    super('the cursor is not one that this query gave');
    this.name = 'InvalidCursorError';
  }
}
