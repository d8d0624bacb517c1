/**
 * What the decoder gives to the consumers. Values keep their exact OTLP type, in the form of the
 * OTLP/JSON mapping (64-bit integers as decimal strings, bytes as base64), so that a record read
 * back from any store is the record that was sent.
 * Source: opentelemetry-proto, `trace.proto`, `logs.proto`, `metrics.proto`, `common.proto`.
 */

import type { Signal } from './signal.ts';
/** OTLP/JSON `AnyValue`: exactly one key, or none for an empty value. */
export interface AnyValue {
  stringValue?: string;
  boolValue?: boolean;
  /** Decimal string: exact above 2^53. */
  intValue?: string;
  /** A number, or 'NaN' | 'Infinity' | '-Infinity' as proto3 JSON writes them. */
  doubleValue?: number | 'NaN' | 'Infinity' | '-Infinity';
  arrayValue?: { values: AnyValue[] };
  kvlistValue?: { values: KeyValue[] };
  /** base64. */
  bytesValue?: string;
}

/** An attribute. */
export interface KeyValue {
  key: string;
  value: AnyValue;
}

/** What produced telemetry. All records that came under it in one message share it by reference. */
export interface Resource {
  /** 32 lower-case hex digits: xxh3-128 of the resource's bytes and schema URL. */
  hash: string;
  /** Attribute `service.name`, or `unknown_service` when absent. */
  service: string;
  attributes: KeyValue[];
  droppedAttributesCount: number;
  schemaUrl: string;
}

/** An instrumentation scope. */
export interface Scope {
  /** 32 lower-case hex digits: xxh3-128 of the scope's bytes and schema URL. */
  hash: string;
  name: string;
  version: string;
  attributes: KeyValue[];
  droppedAttributesCount: number;
  schemaUrl: string;
}

interface RecordBase {
  /**
   * 32 lower-case hex digits: 128-bit hash of tenant, resource, scope, the record's bytes and its
   * ordinal among byte-equal records of the message. The key of the row and of the document.
   */
  key: string;
  /** Place of the record in its message, from 0. */
  index: number;
  resource: Resource;
  scope: Scope;
}

/** An event of a span. */
export interface SpanEvent {
  timeUnixNano: bigint;
  name: string;
  attributes: KeyValue[];
  droppedAttributesCount: number;
}

/** A link of a span to another one. */
export interface SpanLink {
  traceId: string;
  spanId: string;
  traceState: string;
  flags: number;
  attributes: KeyValue[];
  droppedAttributesCount: number;
}

/** A span with its resource and scope. */
export interface SpanRecord extends RecordBase {
  signal: 'traces';
  /** 32 lower-case hex digits. */
  traceId: string;
  /** 16 lower-case hex digits. */
  spanId: string;
  /** 16 lower-case hex digits, or '' for a root span. */
  parentSpanId: string;
  traceState: string;
  flags: number;
  name: string;
  /** SpanKind, 0 to 5; unknown numbers are kept. */
  kind: number;
  startTimeUnixNano: bigint;
  endTimeUnixNano: bigint;
  attributes: KeyValue[];
  droppedAttributesCount: number;
  events: SpanEvent[];
  droppedEventsCount: number;
  links: SpanLink[];
  droppedLinksCount: number;
  /** StatusCode: 0 unset, 1 ok, 2 error. */
  statusCode: number;
  statusMessage: string;
}

/** A log record with its resource and scope. */
export interface LogRecord extends RecordBase {
  signal: 'logs';
  /** 0 when unknown. */
  timeUnixNano: bigint;
  observedTimeUnixNano: bigint;
  severityNumber: number;
  severityText: string;
  /** Undefined when the record has no body. */
  body: AnyValue | undefined;
  attributes: KeyValue[];
  droppedAttributesCount: number;
  flags: number;
  /** 32 hex digits, or ''. */
  traceId: string;
  /** 16 hex digits, or ''. */
  spanId: string;
  eventName: string;
}

/** An exemplar of a metric point. */
export interface Exemplar {
  timeUnixNano: bigint;
  value: NumberValue;
  /** 16 hex digits, or ''. */
  spanId: string;
  /** 32 hex digits, or ''. */
  traceId: string;
  filteredAttributes: KeyValue[];
}

/** An OTLP number keeps whether it was an integer (sfixed64, exact) or a double. */
export type NumberValue = { int: bigint } | { double: number } | undefined;

/** 0 unspecified, 1 delta, 2 cumulative. */
export type Temporality = number;

/** The metric a point belongs to; shared by reference by the points of one metric of a message. */
export interface Metric {
  name: string;
  description: string;
  unit: string;
  type: 'gauge' | 'sum' | 'histogram' | 'exponential_histogram' | 'summary';
  /** For sum, histogram and exponential histogram; 0 otherwise. */
  temporality: Temporality;
  /** For sum; false otherwise. */
  monotonic: boolean;
  metadata: KeyValue[];
}

/** One side of an exponential histogram. */
export interface Buckets {
  offset: number;
  bucketCounts: bigint[];
}

/** One data point. Fields that its metric type does not have are undefined. */
export interface MetricPoint extends RecordBase {
  signal: 'metrics';
  metric: Metric;
  /** 32 hex digits: hash of tenant, resource, scope, metric identity and point attributes. */
  seriesKey: string;
  attributes: KeyValue[];
  startTimeUnixNano: bigint;
  timeUnixNano: bigint;
  flags: number;
  /** For gauge and sum. */
  value: NumberValue;
  /** For histogram, exponential histogram and summary. */
  count: bigint | undefined;
  sum: number | undefined;
  min: number | undefined;
  max: number | undefined;
  /** For histogram: n counts and n-1 bounds, or both empty. */
  bucketCounts: bigint[] | undefined;
  explicitBounds: number[] | undefined;
  /** For exponential histogram. */
  scale: number | undefined;
  zeroCount: bigint | undefined;
  zeroThreshold: number | undefined;
  positive: Buckets | undefined;
  negative: Buckets | undefined;
  /** For summary. */
  quantiles: { quantile: number; value: number }[] | undefined;
  exemplars: Exemplar[];
}

/** A record of any signal. */
export type TelemetryRecord = SpanRecord | LogRecord | MetricPoint;

/** A record that no sink can take: its bytes are framed well but wrong inside. */
export interface BrokenRecord {
  index: number;
  /** 32 hex digits, as for any record: computed from the bytes. */
  key: string;
  /**
   * Stable, a metric label. `malformed-message`: not even the framing holds. `too-complex`: well
   * formed, and more than a process should hold in memory of one record. `kills-its-reader`: of a
   * message that was alone in hand twice when the process ended.
   */
  code:
    | 'malformed-message'
    | 'too-complex'
    | 'kills-its-reader'
    | 'malformed-record'
    | 'invalid-trace-id'
    | 'invalid-span-id'
    | 'no-data';
  /** What is wrong and where, for a person. */
  reason: string;
}

/** The records of one message. */
export interface DecodedRequest {
  signal: Signal;
  /** Every record of the message in order of `index`; with `broken`, they add up to the scan's count. */
  records: TelemetryRecord[];
  broken: BrokenRecord[];
  /**
   * Each record's ordinal among byte-equal records, by `index`; undefined when all are 0 (nearly
   * always). A dead letter carries them, so that a record cut from its message keeps its key.
   */
  ordinals: number[] | undefined;
}
