/** Source: `metrics.proto`. */

import { zigzag } from '../json/json-scalars.ts';
import { wireFixed64 } from '../reader.ts';
import type { Buckets, Exemplar, Metric, MetricPoint, NumberValue } from '../records.ts';
import type { Writer } from '../writer.ts';
import {
  doubleField,
  optionalDoubleField,
  packedField,
  writeAttributes,
  writeId,
} from './encode-common.ts';

interface Kind {
  /** Field number of the metric's `data`. */
  field: number;
  writePoint: (writer: Writer, point: MetricPoint) => void;
}

const kinds: Readonly<Record<Metric['type'], Kind>> = {
  gauge: { field: 5, writePoint: writeNumberPoint },
  sum: { field: 7, writePoint: writeNumberPoint },
  histogram: { field: 9, writePoint: writeHistogramPoint },
  exponential_histogram: { field: 10, writePoint: writeExponentialPoint },
  summary: { field: 11, writePoint: writeSummaryPoint },
};

export function writeMetric(writer: Writer, metric: Metric, points: MetricPoint[]): void {
  const { field, writePoint } = kinds[metric.type];
  writer.stringField(1, metric.name);
  writer.stringField(2, metric.description);
  writer.stringField(3, metric.unit);
  const data = writer.open(field);
  for (const point of points) {
    const mark = writer.open(1);
    writePoint(writer, point);
    writer.close(mark);
  }
  writer.int32Field(2, metric.temporality);
  writer.uint32Field(3, metric.monotonic ? 1 : 0);
  writer.close(data);
  writeAttributes(writer, 12, metric.metadata);
}

function writeTimes(writer: Writer, point: MetricPoint): void {
  writer.fixed64Field(2, point.startTimeUnixNano);
  writer.fixed64Field(3, point.timeUnixNano);
}

function writeNumberPoint(writer: Writer, point: MetricPoint): void {
  writeTimes(writer, point);
  writeValue(writer, { double: 4, int: 6 }, point.value);
  writeExemplars(writer, 5, point.exemplars);
  writeAttributes(writer, 7, point.attributes);
  writer.uint32Field(8, point.flags);
}

function writeHistogramPoint(writer: Writer, point: MetricPoint): void {
  writeTimes(writer, point);
  writer.fixed64Field(4, point.count ?? 0n);
  optionalDoubleField(writer, 5, point.sum);
  packedField(writer, 6, point.bucketCounts, (count) => writer.fixed64Bits(count));
  packedField(writer, 7, point.explicitBounds, (bound) => writer.doubleBits(bound));
  writeExemplars(writer, 8, point.exemplars);
  writeAttributes(writer, 9, point.attributes);
  writer.uint32Field(10, point.flags);
  optionalDoubleField(writer, 11, point.min);
  optionalDoubleField(writer, 12, point.max);
}

function writeExponentialPoint(writer: Writer, point: MetricPoint): void {
  writeAttributes(writer, 1, point.attributes);
  writeTimes(writer, point);
  writer.fixed64Field(4, point.count ?? 0n);
  optionalDoubleField(writer, 5, point.sum);
  writer.uint32Field(6, zigzag(point.scale ?? 0));
  writer.fixed64Field(7, point.zeroCount ?? 0n);
  writeBuckets(writer, 8, point.positive);
  writeBuckets(writer, 9, point.negative);
  writer.uint32Field(10, point.flags);
  writeExemplars(writer, 11, point.exemplars);
  optionalDoubleField(writer, 12, point.min);
  optionalDoubleField(writer, 13, point.max);
  doubleField(writer, 14, point.zeroThreshold);
}

function writeSummaryPoint(writer: Writer, point: MetricPoint): void {
  writeTimes(writer, point);
  writer.fixed64Field(4, point.count ?? 0n);
  doubleField(writer, 5, point.sum);
  for (const { quantile, value } of point.quantiles ?? []) {
    const mark = writer.open(6);
    doubleField(writer, 1, quantile);
    doubleField(writer, 2, value);
    writer.close(mark);
  }
  writeAttributes(writer, 7, point.attributes);
  writer.uint32Field(8, point.flags);
}

function writeBuckets(writer: Writer, field: number, buckets: Buckets | undefined): void {
  if (buckets === undefined) return;
  const mark = writer.open(field);
  writer.uint32Field(1, zigzag(buckets.offset));
  packedField(writer, 2, buckets.bucketCounts, (count) => writer.bigint(count));
  writer.close(mark);
}

function writeExemplars(writer: Writer, field: number, exemplars: Exemplar[]): void {
  for (const exemplar of exemplars) {
    const mark = writer.open(field);
    writer.fixed64Field(2, exemplar.timeUnixNano);
    writeValue(writer, { double: 3, int: 6 }, exemplar.value);
    writeId(writer, 4, exemplar.spanId);
    writeId(writer, 5, exemplar.traceId);
    writeAttributes(writer, 7, exemplar.filteredAttributes);
    writer.close(mark);
  }
}

function writeValue(
  writer: Writer,
  fields: { double: number; int: number },
  value: NumberValue,
): void {
  if (value === undefined) return;
  if ('double' in value) optionalDoubleField(writer, fields.double, value.double);
  else {
    writer.tag(fields.int, wireFixed64);
    writer.fixed64Bits(value.int);
  }
}
