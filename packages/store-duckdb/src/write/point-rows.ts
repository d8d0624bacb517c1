import type { Buckets, Exemplar, MetricPoint, NumberValue } from '@spillway/otlp';
import type { PointView, ResourceView, ScopeView } from '@spillway/store';
import {
  doubleToJson,
  listFromJson,
  type Shape,
  type TextBuckets,
  toJson,
} from '@spillway/store/search';
import type { ResultRow } from '../read/parameters.ts';
import type { pointColumns } from '../schema.ts';
import { toHex128 } from './hex.ts';
import type { RecordPlace } from './record-place.ts';
import type { Row } from './table-rows.ts';

type PointRow = Row<typeof pointColumns>;

export function pointRow(record: MetricPoint, place: RecordPlace, series: bigint): PointRow {
  const { value } = record;
  return {
    ...place,
    series,
    start_ns: record.startTimeUnixNano,
    time_ns: record.timeUnixNano,
    flags: record.flags,
    value_int: value && 'int' in value ? value.int : null,
    value_double: value && 'double' in value ? value.double : null,
    count: record.count ?? null,
    sum: record.sum ?? null,
    min: record.min ?? null,
    max: record.max ?? null,
    shape: shapeText(record),
    exemplars: record.exemplars.length === 0 ? null : toJson(record.exemplars.map(exemplarToJson)),
  };
}

function shapeText(record: MetricPoint): string | null {
  const { type } = record.metric;
  if (type === 'gauge' || type === 'sum') return null;
  const shape = {
    bucketCounts: record.bucketCounts?.map(String),
    explicitBounds: record.explicitBounds?.map(doubleToJson),
    scale: record.scale,
    zeroCount: record.zeroCount?.toString(),
    zeroThreshold: optionalDouble(record.zeroThreshold),
    positive: record.positive && textBuckets(record.positive),
    negative: record.negative && textBuckets(record.negative),
    quantiles: record.quantiles?.map(({ quantile, value }) => ({
      quantile: doubleToJson(quantile),
      value: doubleToJson(value),
    })),
  };
  return JSON.stringify(shape);
}

function textBuckets({ offset, bucketCounts }: Buckets): TextBuckets {
  return { offset, bucketCounts: bucketCounts.map(String) };
}

function optionalDouble(value: number | undefined): number | string | undefined {
  return value === undefined ? undefined : doubleToJson(value);
}

export type ExemplarJson = Omit<Exemplar, 'timeUnixNano' | 'value'> & {
  timeUnixNano: string;
  value: NumberJson | null;
};

type NumberJson = { int: string } | { double: number | string };

function exemplarToJson(exemplar: Exemplar): ExemplarJson {
  const { timeUnixNano, value, ...rest } = exemplar;
  return { ...rest, timeUnixNano: String(timeUnixNano), value: numberToJson(value) ?? null };
}

function numberToJson(value: NumberValue): NumberJson | undefined {
  if (!value) return undefined;
  return 'int' in value ? { int: String(value.int) } : { double: doubleToJson(value.double) };
}

/** Columns of `point p JOIN series s`. */
export const pointSelect = `p.key, p.time_ms, p.start_ns, p.time_ns, p.flags, p.value_int,
  p.value_double, p.count, p.sum, p.min, p.max, p.shape, p.exemplars, s.name, s.description,
  s.unit, s.type, s.temporality, s.monotonic, s.metadata, s.service, s.attributes, s.resource,
  s.scope`;

export function pointView(row: ResultRow, resource: ResourceView, scope: ScopeView): PointView {
  const shapeJson = row.shape as string | null;
  const shape: Shape = shapeJson === null ? {} : JSON.parse(shapeJson);
  const exemplars = listFromJson<ExemplarJson>(row.exemplars as string | null);
  return {
    key: toHex128(row.key as bigint),
    metric: metricOf(row),
    service: row.service as string,
    attributes: listFromJson(row.attributes as string | null),
    startTimeUnixNano: String(row.start_ns),
    timeUnixNano: String(row.time_ns),
    flags: row.flags as number,
    value: numberOf(row),
    count: row.count === null ? undefined : String(row.count),
    sum: (row.sum as number | null) ?? undefined,
    min: (row.min as number | null) ?? undefined,
    max: (row.max as number | null) ?? undefined,
    ...shapeView(shape),
    exemplars: exemplars.map(({ value, ...rest }) => ({ ...rest, value: numberView(value) })),
    resource,
    scope,
  };
}

export function metricOf(row: ResultRow): MetricPoint['metric'] {
  return {
    name: row.name as string,
    description: row.description as string,
    unit: row.unit as string,
    type: row.type as MetricPoint['metric']['type'],
    temporality: row.temporality as number,
    monotonic: row.monotonic === 1,
    metadata: listFromJson(row.metadata as string | null),
  };
}

function shapeView(shape: Shape) {
  return {
    bucketCounts: shape.bucketCounts,
    explicitBounds: shape.explicitBounds?.map(Number),
    scale: shape.scale,
    zeroCount: shape.zeroCount,
    zeroThreshold: shape.zeroThreshold === undefined ? undefined : Number(shape.zeroThreshold),
    positive: shape.positive,
    negative: shape.negative,
    quantiles: shape.quantiles?.map(({ quantile, value }) => ({
      quantile: Number(quantile),
      value: Number(value),
    })),
  };
}

function numberOf(row: ResultRow): PointView['value'] {
  if (row.value_int !== null) return { int: String(row.value_int) };
  if (row.value_double === null) return undefined;
  return { double: doubleView(row.value_double as number) };
}

function numberView(value: NumberJson | null): PointView['value'] {
  if (value === null) return undefined;
  return 'int' in value ? value : { double: doubleView(Number(value.double)) };
}

/** A number, or 'NaN' and the infinities as text: JSON has no other way. */
function doubleView(value: number): number | string {
  return Number.isFinite(value) ? value : String(value);
}
