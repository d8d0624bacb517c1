/**
 * The OTLP messages. Source: the `.proto` files in `../proto`; a test compares every field with
 * them.
 */

import { type Message, many, maybe, member, message, one } from './schema.ts';
import type { Signal } from './signal.ts';

export const requestOf: Readonly<Record<Signal, Message>> = {
  traces: message([many(1, 'resourceSpans', () => resourceSpans)]),
  metrics: message([many(1, 'resourceMetrics', () => resourceMetrics)]),
  logs: message([many(1, 'resourceLogs', () => resourceLogs)]),
};

const arrayValue = message([many(1, 'values', () => anyValue)]);
const keyValueList = message([many(1, 'values', () => keyValue)]);
const anyValue = message([
  member(1, 'stringValue', 'string'),
  member(2, 'boolValue', 'bool'),
  member(3, 'intValue', 'int64'),
  member(4, 'doubleValue', 'double'),
  member(5, 'arrayValue', () => arrayValue),
  member(6, 'kvlistValue', () => keyValueList),
  member(7, 'bytesValue', 'bytes'),
  member(8, 'stringValueStrindex', 'int32'),
]);
export const keyValue = message([
  one(1, 'key', 'string'),
  one(2, 'value', () => anyValue),
  one(3, 'keyStrindex', 'int32'),
]);
const entityRef = message([
  one(1, 'schemaUrl', 'string'),
  one(2, 'type', 'string'),
  many(3, 'idKeys', 'string'),
  many(4, 'descriptionKeys', 'string'),
]);
export const resource = message([
  many(1, 'attributes', () => keyValue),
  one(2, 'droppedAttributesCount', 'uint32'),
  many(3, 'entityRefs', () => entityRef),
]);
export const scope = message([
  one(1, 'name', 'string'),
  one(2, 'version', 'string'),
  many(3, 'attributes', () => keyValue),
  one(4, 'droppedAttributesCount', 'uint32'),
]);

const resourceSpans = resourceOf('scopeSpans', () => scopeSpans);
const resourceLogs = resourceOf('scopeLogs', () => scopeLogs);
const resourceMetrics = resourceOf('scopeMetrics', () => scopeMetrics);
const scopeSpans = scopeOf('spans', () => span);
const scopeLogs = scopeOf('logRecords', () => logRecord);
const scopeMetrics = scopeOf('metrics', () => metric);

const event = message([
  one(1, 'timeUnixNano', 'fixed64'),
  one(2, 'name', 'string'),
  many(3, 'attributes', () => keyValue),
  one(4, 'droppedAttributesCount', 'uint32'),
]);
const link = message([
  one(1, 'traceId', 'id'),
  one(2, 'spanId', 'id'),
  one(3, 'traceState', 'string'),
  many(4, 'attributes', () => keyValue),
  one(5, 'droppedAttributesCount', 'uint32'),
  one(6, 'flags', 'fixed32'),
]);
const status = message([one(2, 'message', 'string'), one(3, 'code', 'enum')]);
export const span = message([
  one(1, 'traceId', 'id'),
  one(2, 'spanId', 'id'),
  one(3, 'traceState', 'string'),
  one(4, 'parentSpanId', 'id'),
  one(5, 'name', 'string'),
  one(6, 'kind', 'enum'),
  one(7, 'startTimeUnixNano', 'fixed64'),
  one(8, 'endTimeUnixNano', 'fixed64'),
  many(9, 'attributes', () => keyValue),
  one(10, 'droppedAttributesCount', 'uint32'),
  many(11, 'events', () => event),
  one(12, 'droppedEventsCount', 'uint32'),
  many(13, 'links', () => link),
  one(14, 'droppedLinksCount', 'uint32'),
  one(15, 'status', () => status),
  one(16, 'flags', 'fixed32'),
]);

export const logRecord = message([
  one(1, 'timeUnixNano', 'fixed64'),
  one(2, 'severityNumber', 'enum'),
  one(3, 'severityText', 'string'),
  one(5, 'body', () => anyValue),
  many(6, 'attributes', () => keyValue),
  one(7, 'droppedAttributesCount', 'uint32'),
  one(8, 'flags', 'fixed32'),
  one(9, 'traceId', 'id'),
  one(10, 'spanId', 'id'),
  one(11, 'observedTimeUnixNano', 'fixed64'),
  one(12, 'eventName', 'string'),
]);

const exemplar = message([
  one(2, 'timeUnixNano', 'fixed64'),
  member(3, 'asDouble', 'double'),
  one(4, 'spanId', 'id'),
  one(5, 'traceId', 'id'),
  member(6, 'asInt', 'sfixed64'),
  many(7, 'filteredAttributes', () => keyValue),
]);
export const numberDataPoint = message([
  one(2, 'startTimeUnixNano', 'fixed64'),
  one(3, 'timeUnixNano', 'fixed64'),
  member(4, 'asDouble', 'double'),
  many(5, 'exemplars', () => exemplar),
  member(6, 'asInt', 'sfixed64'),
  many(7, 'attributes', () => keyValue),
  one(8, 'flags', 'uint32'),
]);
export const histogramDataPoint = message([
  one(2, 'startTimeUnixNano', 'fixed64'),
  one(3, 'timeUnixNano', 'fixed64'),
  one(4, 'count', 'fixed64'),
  maybe(5, 'sum', 'double'),
  many(6, 'bucketCounts', 'fixed64'),
  many(7, 'explicitBounds', 'double'),
  many(8, 'exemplars', () => exemplar),
  many(9, 'attributes', () => keyValue),
  one(10, 'flags', 'uint32'),
  maybe(11, 'min', 'double'),
  maybe(12, 'max', 'double'),
]);
const buckets = message([one(1, 'offset', 'sint32'), many(2, 'bucketCounts', 'uint64')]);
export const exponentialHistogramDataPoint = message([
  many(1, 'attributes', () => keyValue),
  one(2, 'startTimeUnixNano', 'fixed64'),
  one(3, 'timeUnixNano', 'fixed64'),
  one(4, 'count', 'fixed64'),
  maybe(5, 'sum', 'double'),
  one(6, 'scale', 'sint32'),
  one(7, 'zeroCount', 'fixed64'),
  one(8, 'positive', () => buckets),
  one(9, 'negative', () => buckets),
  one(10, 'flags', 'uint32'),
  many(11, 'exemplars', () => exemplar),
  maybe(12, 'min', 'double'),
  maybe(13, 'max', 'double'),
  one(14, 'zeroThreshold', 'double'),
]);
const valueAtQuantile = message([one(1, 'quantile', 'double'), one(2, 'value', 'double')]);
export const summaryDataPoint = message([
  one(2, 'startTimeUnixNano', 'fixed64'),
  one(3, 'timeUnixNano', 'fixed64'),
  one(4, 'count', 'fixed64'),
  one(5, 'sum', 'double'),
  many(6, 'quantileValues', () => valueAtQuantile),
  many(7, 'attributes', () => keyValue),
  one(8, 'flags', 'uint32'),
]);
const gauge = message([many(1, 'dataPoints', () => numberDataPoint)]);
const sum = message([
  many(1, 'dataPoints', () => numberDataPoint),
  one(2, 'aggregationTemporality', 'enum'),
  one(3, 'isMonotonic', 'bool'),
]);
const histogram = message([
  many(1, 'dataPoints', () => histogramDataPoint),
  one(2, 'aggregationTemporality', 'enum'),
]);
const exponentialHistogram = message([
  many(1, 'dataPoints', () => exponentialHistogramDataPoint),
  one(2, 'aggregationTemporality', 'enum'),
]);
const summary = message([many(1, 'dataPoints', () => summaryDataPoint)]);
const metric = message([
  one(1, 'name', 'string'),
  one(2, 'description', 'string'),
  one(3, 'unit', 'string'),
  member(5, 'gauge', () => gauge),
  member(7, 'sum', () => sum),
  member(9, 'histogram', () => histogram),
  member(10, 'exponentialHistogram', () => exponentialHistogram),
  member(11, 'summary', () => summary),
  many(12, 'metadata', () => keyValue),
]);

function resourceOf(scopes: string, scopeMessage: () => Message): Message {
  return message([
    one(1, 'resource', () => resource),
    many(2, scopes, scopeMessage),
    one(3, 'schemaUrl', 'string'),
  ]);
}

function scopeOf(records: string, record: () => Message): Message {
  return message([
    one(1, 'scope', () => scope),
    many(2, records, record),
    one(3, 'schemaUrl', 'string'),
  ]);
}
