/** What a record must look like when it is read back: the contract's idea of "unchanged". */
import type {
  LogRecord,
  MetricPoint,
  NumberValue,
  Resource,
  Scope,
  SpanRecord,
} from '@spillway/otlp';
import type { LogView, PointView, ResourceView, ScopeView, SpanView } from '../search/views.ts';

/** Makes the view that a store must answer for a span record. */
export function expectedSpan(span: SpanRecord): SpanView {
  const { signal: _, key, index, startTimeUnixNano, endTimeUnixNano, ...rest } = span;
  const durationNano = Number(endTimeUnixNano - startTimeUnixNano);
  return {
    ...rest,
    service: span.resource.service,
    startTimeUnixNano: String(startTimeUnixNano),
    endTimeUnixNano: String(endTimeUnixNano),
    durationNano: Math.max(0, durationNano),
    events: span.events.map((e) => ({ ...e, timeUnixNano: String(e.timeUnixNano) })),
    resource: expectedResource(span.resource),
    scope: expectedScope(span.scope),
  };
}

/** Makes the view that a store must answer for a log record. */
export function expectedLog(log: LogRecord): LogView {
  const { signal: _, index, timeUnixNano, observedTimeUnixNano, ...rest } = log;
  return {
    ...rest,
    service: log.resource.service,
    timeUnixNano: String(timeUnixNano),
    observedTimeUnixNano: String(observedTimeUnixNano),
    resource: expectedResource(log.resource),
    scope: expectedScope(log.scope),
  };
}

/** Makes the view that a store must answer for a metric point. */
export function expectedPoint(point: MetricPoint): PointView {
  const { signal: _, index, seriesKey, startTimeUnixNano, timeUnixNano, ...rest } = point;
  return {
    ...rest,
    service: point.resource.service,
    startTimeUnixNano: String(startTimeUnixNano),
    timeUnixNano: String(timeUnixNano),
    value: expectedNumber(point.value),
    count: point.count?.toString(),
    bucketCounts: point.bucketCounts?.map(String),
    zeroCount: point.zeroCount?.toString(),
    positive: expectedBuckets(point.positive),
    negative: expectedBuckets(point.negative),
    exemplars: point.exemplars.map((exemplar) => ({
      ...exemplar,
      timeUnixNano: String(exemplar.timeUnixNano),
      value: expectedNumber(exemplar.value),
    })),
    resource: expectedResource(point.resource),
    scope: expectedScope(point.scope),
  };
}

function expectedNumber(value: NumberValue): PointView['value'] {
  if (!value) return undefined;
  if ('int' in value) return { int: String(value.int) };
  return { double: Number.isFinite(value.double) ? value.double : String(value.double) };
}

function expectedBuckets(buckets: MetricPoint['positive']): PointView['positive'] {
  return buckets && { ...buckets, bucketCounts: buckets.bucketCounts.map(String) };
}

function expectedResource(resource: Resource): ResourceView {
  const { attributes, droppedAttributesCount, schemaUrl } = resource;
  return { attributes, droppedAttributesCount, schemaUrl };
}

function expectedScope(scope: Scope): ScopeView {
  const { name, version, attributes, droppedAttributesCount, schemaUrl } = scope;
  return { name, version, attributes, droppedAttributesCount, schemaUrl };
}
