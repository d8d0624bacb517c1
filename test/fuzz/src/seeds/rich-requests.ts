/** Requests with every kind of field, in the JSON of OTLP. */
import type { Signal } from '@spillway/otlp';

/** The time of all seeds, ms since the epoch. */
export const nowMs = 1_764_400_000_000;

const attributes = [
  { key: 'service.name', value: { stringValue: 'cart' } },
  { key: 'n', value: { intValue: '-9007199254740993' } },
  { key: 'd', value: { doubleValue: 'NaN' } },
  { key: 'b', value: { boolValue: true } },
  { key: 'raw', value: { bytesValue: 'AAEC' } },
  { key: 'a', value: { arrayValue: { values: [{ intValue: 1 }, { stringValue: 'x' }, {}] } } },
  { key: 'm', value: { kvlistValue: { values: [{ key: 'k', value: { doubleValue: 1.5 } }] } } },
];
const resource = { attributes, droppedAttributesCount: 1 };
const scope = { name: 'lib', version: '1', attributes: attributes.slice(1, 2) };
const ids = { traceId: '5b8efff798038103d269b633813fc60c', spanId: 'eee19b7ec3c1b174' };
const common = { resource, schemaUrl: 'https://opentelemetry.io/schemas/1.30.0' };
const timeUnixNano = `${nowMs}000000`;

const events = [{ timeUnixNano, name: 'exception', attributes: attributes.slice(0, 2) }];
const links = [{ ...ids, traceState: 'a=b', attributes: attributes.slice(2, 3), flags: 257 }];
const times = { startTimeUnixNano: timeUnixNano, endTimeUnixNano: timeUnixNano };
const span = { ...ids, ...times, name: 'GET /', kind: 2, attributes, events, links, flags: 1 };
const status = { code: 2, message: 'timed out' };

const body = { kvlistValue: { values: attributes.slice(0, 3) } };
const log = {
  ...ids,
  timeUnixNano,
  severityNumber: 17,
  severityText: 'ERROR',
  attributes,
  body,
};

const exemplars = [
  { ...ids, timeUnixNano, asInt: '7', filteredAttributes: attributes.slice(0, 1) },
];
const point = { attributes, startTimeUnixNano: timeUnixNano, timeUnixNano, exemplars };
const buckets = { offset: -2, bucketCounts: ['1', '2', '0'] };
const metrics = [
  { name: 'g', unit: 'By', gauge: { dataPoints: [{ ...point, asInt: '-5' }] } },
  {
    name: 's',
    sum: {
      dataPoints: [{ ...point, asDouble: 1.5 }],
      isMonotonic: true,
      aggregationTemporality: 2,
    },
  },
  {
    name: 'h',
    histogram: {
      dataPoints: [
        {
          ...point,
          count: '3',
          sum: 9.5,
          bucketCounts: ['1', '2'],
          explicitBounds: [5],
          min: 1,
          max: 8,
        },
      ],
      aggregationTemporality: 1,
    },
  },
  {
    name: 'e',
    exponentialHistogram: {
      dataPoints: [
        { ...point, count: '3', scale: 3, zeroCount: '1', positive: buckets, negative: buckets },
      ],
      aggregationTemporality: 2,
    },
  },
  {
    name: 'q',
    summary: {
      dataPoints: [{ ...point, count: '2', sum: 3, quantileValues: [{ quantile: 0.5, value: 1 }] }],
    },
  },
];

/** One request of each signal. */
export const richRequests: Readonly<Record<Signal, object>> = {
  traces: {
    resourceSpans: [{ ...common, scopeSpans: [{ scope, spans: [{ ...span, status }, span] }] }],
  },
  logs: {
    resourceLogs: [{ ...common, scopeLogs: [{ scope, logRecords: [log, { body: {} }] }] }],
  },
  metrics: { resourceMetrics: [{ ...common, scopeMetrics: [{ scope, metrics }] }] },
};
