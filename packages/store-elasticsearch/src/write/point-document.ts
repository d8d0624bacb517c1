import type { Buckets, Exemplar, MetricPoint, NumberValue } from '@spillway/otlp';
import type { PointView } from '@spillway/store';
import { doubleToJson, type Shape } from '@spillway/store/search';
import { shortened } from '../read/attribute-terms.ts';
import { micros, nanosLeft } from './nanoseconds.ts';
import { cutText, sharedMetric } from './shared-parts.ts';
import type { SignalFields } from './signal-fields.ts';

export function pointFields(point: MetricPoint): SignalFields {
  const { metric, value } = point;
  const number = value && ('int' in value ? Number(value.int) : value.double);
  return {
    index: () => ({
      series: point.seriesKey,
      name: shortened(metric.name),
      description: shortened(metric.description),
      unit: shortened(metric.unit),
      type: metric.type,
      temporality: metric.temporality,
      monotonic: metric.monotonic,
      attribute_key: point.attributes.map(({ key }) => shortened(key)),
      recorded: (point.flags & 1) === 0,
      has_exemplar: point.exemplars.some(({ traceId }) => traceId !== ''),
      start_us: micros(point.startTimeUnixNano),
      start_ns: nanosLeft(point.startTimeUnixNano),
      time_us: micros(point.timeUnixNano),
      time_ns: nanosLeft(point.timeUnixNano),
      value: finite(number),
      count: point.count === undefined ? undefined : Number(point.count),
      sum: finite(point.sum),
      min: finite(point.min),
      max: finite(point.max),
    }),
    exact: exactPoint(point),
  };
}

/** Elasticsearch refuses a document with NaN or an infinity in a number. */
function finite(value: number | undefined): number | undefined {
  return Number.isFinite(value) ? value : undefined;
}

type NumberJson = { int: string } | { double: number | string };

/** The `PointView` without resource and scope, with doubles as JSON can hold them. */
export type ExactPoint = Omit<
  PointView,
  'sum' | 'min' | 'max' | 'resource' | 'scope' | keyof Shape | 'exemplars'
> & {
  sum?: number | string;
  min?: number | string;
  max?: number | string;
  exemplars: ExactExemplar[];
} & Shape;

export type ExactExemplar = Omit<Exemplar, 'timeUnixNano' | 'value'> & {
  timeUnixNano: string;
  value?: NumberJson;
};

function exactPoint(point: MetricPoint) {
  const { signal: _, index, seriesKey, resource, scope, ...rest } = point;
  return {
    ...rest,
    metric: sharedMetric(point.metric),
    service: cutText(resource.service),
    startTimeUnixNano: String(point.startTimeUnixNano),
    timeUnixNano: String(point.timeUnixNano),
    value: numberToJson(point.value),
    count: point.count?.toString(),
    sum: optionalDouble(point.sum),
    min: optionalDouble(point.min),
    max: optionalDouble(point.max),
    bucketCounts: point.bucketCounts?.map(String),
    explicitBounds: point.explicitBounds?.map(doubleToJson),
    zeroCount: point.zeroCount?.toString(),
    zeroThreshold: optionalDouble(point.zeroThreshold),
    positive: point.positive && textBuckets(point.positive),
    negative: point.negative && textBuckets(point.negative),
    quantiles: point.quantiles?.map(({ quantile, value }) => ({
      quantile: doubleToJson(quantile),
      value: doubleToJson(value),
    })),
    exemplars: point.exemplars.map(exemplarToJson),
  };
}

function exemplarToJson({ timeUnixNano, value, ...rest }: Exemplar) {
  return { ...rest, timeUnixNano: String(timeUnixNano), value: numberToJson(value) };
}

function textBuckets({ offset, bucketCounts }: Buckets) {
  return { offset, bucketCounts: bucketCounts.map(String) };
}

function optionalDouble(value: number | undefined): number | string | undefined {
  return value === undefined ? undefined : doubleToJson(value);
}

function numberToJson(value: NumberValue): NumberJson | undefined {
  if (!value) return undefined;
  return 'int' in value ? { int: String(value.int) } : { double: doubleToJson(value.double) };
}
