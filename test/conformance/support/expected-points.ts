import type { PointView, ResourceView, ScopeView } from '@spillway/store';
import {
  double,
  hex,
  keyValue,
  list,
  number,
  object,
  optionalNumber,
  present,
  text,
  whole,
} from './message-fields.ts';
import type { Message } from './official.ts';

/** A record, or a metric, and what it was sent under. */
export interface Place {
  record: Message;
  service: string;
  resource: ResourceView;
  scope: ScopeView;
}

const metricTypes = [
  ['gauge', 'gauge'],
  ['sum', 'sum'],
  ['histogram', 'histogram'],
  ['exponentialHistogram', 'exponential_histogram'],
  ['summary', 'summary'],
] as const;

/** The points of one metric. */
export function pointViews({ record: metric, ...rest }: Place): Omit<PointView, 'key'>[] {
  const [field, type] = metricTypes.find(([name]) => present(metric[name])) ?? metricTypes[0];
  const data = object(metric[field]);
  return list(data.dataPoints).map((point) => ({
    ...rest,
    metric: {
      name: text(metric.name),
      description: text(metric.description),
      unit: text(metric.unit),
      type,
      temporality: number(data.aggregationTemporality),
      monotonic: data.isMonotonic === true,
      metadata: list(metric.metadata).map(keyValue),
    },
    attributes: list(point.attributes).map(keyValue),
    startTimeUnixNano: whole(point.startTimeUnixNano),
    timeUnixNano: whole(point.timeUnixNano),
    flags: number(point.flags),
    ...valuesOf(type, point),
    exemplars: list(point.exemplars).map((exemplar) => ({
      timeUnixNano: whole(exemplar.timeUnixNano),
      value: numberValue(exemplar),
      traceId: hex(exemplar.traceId),
      spanId: hex(exemplar.spanId),
      filteredAttributes: list(exemplar.filteredAttributes).map(keyValue),
    })),
  }));
}

type Values = Pick<
  PointView,
  | 'value'
  | 'count'
  | 'sum'
  | 'min'
  | 'max'
  | 'bucketCounts'
  | 'explicitBounds'
  | 'scale'
  | 'zeroCount'
  | 'zeroThreshold'
  | 'positive'
  | 'negative'
  | 'quantiles'
>;

function valuesOf(type: PointView['metric']['type'], point: Message): Values {
  const counted = type !== 'gauge' && type !== 'sum';
  const histogram = type === 'histogram';
  const exponential = type === 'exponential_histogram';
  return {
    value: counted ? undefined : numberValue(point),
    count: counted ? whole(point.count) : undefined,
    sum: type === 'summary' ? number(point.sum) : optionalNumber(point.sum),
    min: optionalNumber(point.min),
    max: optionalNumber(point.max),
    bucketCounts: histogram ? list(point.bucketCounts).map(whole) : undefined,
    explicitBounds: histogram ? list(point.explicitBounds).map(number) : undefined,
    scale: exponential ? number(point.scale) : undefined,
    zeroCount: exponential ? whole(point.zeroCount) : undefined,
    zeroThreshold: exponential ? number(point.zeroThreshold) : undefined,
    positive: buckets(point.positive),
    negative: buckets(point.negative),
    quantiles: type === 'summary' ? list(point.quantileValues).map(quantile) : undefined,
  };
}

function buckets(value: unknown): PointView['positive'] {
  if (!present(value)) return undefined;
  const { offset, bucketCounts } = object(value);
  return { offset: number(offset), bucketCounts: list(bucketCounts).map(whole) };
}

function quantile(value: Message): { quantile: number; value: number } {
  return { quantile: number(value.quantile), value: number(value.value) };
}

function numberValue({ asInt, asDouble }: Message): PointView['value'] {
  if (present(asInt)) return { int: whole(asInt) };
  return present(asDouble) ? { double: double(asDouble) } : undefined;
}
