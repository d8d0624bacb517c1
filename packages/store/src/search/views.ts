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

export interface TraceSummary {
  traceId: string;
  /** Of the root span, or of the earliest one seen when the root is missing. */
  rootService: string;
  rootOperation: string;
  startTimeUnixNano: string;
  durationNano: number;
  spans: number;
  errors: number;
  services: string[];
}

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

export interface ResourceView {
  attributes: KeyValue[];
  droppedAttributesCount: number;
  schemaUrl: string;
}

export interface ScopeView extends ResourceView {
  name: string;
  version: string;
}

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

export interface HistogramBar {
  fromMs: number;
  /** By severity band: trace, debug, info, warn, error, fatal, unset. */
  counts: Record<string, number>;
}

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

export interface MetricSeries {
  labels: Record<string, string>;
  /** [ms since the epoch of the step's start, value]; null where the step has no point. */
  points: [number, number | null][];
}

export interface ExemplarView {
  timeMs: number;
  value: number;
  traceId: string;
  spanId: string;
  labels: Record<string, string>;
}

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

export interface OperationSummary extends Omit<ServiceSummary, 'service' | 'sparkline'> {
  operation: string;
  kind: number;
}
