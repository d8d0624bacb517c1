/**
 * What a search store answers, as the query API and the page show it. Times are decimal strings of
 * nanoseconds since the epoch (they do not fit a JSON number), durations are nanoseconds as numbers.
 */
import type { AnyValue, Exemplar, KeyValue, MetricPoint } from '@spillway/otlp';

/**
 * A store that repeats resource, scope and metric in each record may cut what is large of them. An
 * attribute of this name then stands among theirs; all of it is in the write store.
 */
export const cutMark = 'spillway.cut';

/** A trace in a list of search results. */
export interface TraceSummary {
  traceId: string;
  /** Service of the root span, or of the earliest one seen when the root is missing. */
  rootService: string;
  rootOperation: string;
  startTimeUnixNano: string;
  durationNano: number;
  spans: number;
  /** Spans with the status `error`. */
  errors: number;
  services: string[];
}

/**
 * A span as the store kept it. `kind` and `statusCode` are numbers of OTLP, and `parentSpanId` is
 * '' for a root.
 */
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

/** The resource of a record; its attributes may be cut, see {@link cutMark}. */
export interface ResourceView {
  attributes: KeyValue[];
  droppedAttributesCount: number;
  schemaUrl: string;
}

/** The instrumentation scope of a record; its attributes may be cut, see {@link cutMark}. */
export interface ScopeView extends ResourceView {
  name: string;
  version: string;
}

/** A log record as the store kept it; `key` identifies it in every store. */
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

/** The log records in one part of a range, which is as wide as every other part. */
export interface HistogramBar {
  /** Start of the part, in ms since the epoch. */
  fromMs: number;
  /**
   * Records by severity band: trace, debug, info, warn, error, fatal, unset. An empty band is
   * absent.
   */
  counts: Record<string, number>;
}

/**
 * A metric as its points declared it, with the services that sent it and some of the attribute keys
 * that its series can be grouped by.
 */
export interface MetricInfo {
  name: string;
  description: string;
  unit: string;
  type: MetricPoint['metric']['type'];
  /** OTLP's AggregationTemporality: 0 unspecified, 1 delta, 2 cumulative. */
  temporality: number;
  monotonic: boolean;
  services: string[];
  attributeKeys: string[];
}

/** The values of one group of series, in steps over the range of the query. */
export interface MetricSeries {
  /** The keys that the query groups by, with this group's values. */
  labels: Record<string, string>;
  /** [ms since the epoch of the step's start, value]; null where the step has no point. */
  points: [number, number | null][];
}

/** A measurement that a metric kept as an example, with the trace that it was taken in. */
export interface ExemplarView {
  timeMs: number;
  value: number;
  traceId: string;
  spanId: string;
  labels: Record<string, string>;
}

/**
 * The answer to a `MetricQuery`: its largest groups of series, and examples of what they measured.
 */
export interface MetricAnswer {
  /** Undefined where the tenant has no such metric in the range. */
  info: MetricInfo | undefined;
  series: MetricSeries[];
  /** How many more groups there are, beyond `seriesMax`. */
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

/** The requests that one service served over a range: their rate, errors and latencies. */
export interface ServiceSummary {
  service: string;
  /** Server, consumer and root spans per second over the range. */
  ratePerSecond: number;
  /** Part of these spans that failed, 0 to 1. */
  errorRatio: number;
  p50Ms: number;
  p95Ms: number;
  p99Ms: number;
  /** Time of the latest span, in ms since the epoch. */
  lastSeenMs: number;
  /** Requests per bucket, oldest first: the sparkline. */
  sparkline: number[];
}

/** The requests to one operation of a service: spans of the same name and kind. */
export interface OperationSummary extends Omit<ServiceSummary, 'service' | 'sparkline'> {
  operation: string;
  kind: number;
}
