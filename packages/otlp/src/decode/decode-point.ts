/** The four kinds of data point. Source: `metrics.proto`. */

import { BrokenRecordError } from '../errors.ts';
import { tagOf } from '../layout.ts';
import { type Reader, wireBytes, wireFixed64, wireVarint } from '../reader.ts';
import type { Buckets, Exemplar, Metric, MetricPoint } from '../records.ts';
import { optionalSpanId, optionalTraceId, readKeyValue } from './decode-common.ts';

type Base = Pick<MetricPoint, 'key' | 'index' | 'resource' | 'scope' | 'metric'>;
type ReadField = (reader: Reader, tag: number, point: MetricPoint) => void;

/** `DataPointFlags`: the point says that its value is missing. */
const noRecordedValue = 1;

/** Reads fields until the limit. Throws when the point is broken. `seriesKey` is left empty. */
export function readPoint(reader: Reader, base: Base): MetricPoint {
  const point = emptyPoint(base);
  const { type } = base.metric;
  const readField = readFieldOf[type];
  while (reader.more) readField(reader, reader.tag(), point);
  point.exemplars.forEach(checkExemplar);
  if (type === 'histogram') checkBuckets(point);
  const { value, flags } = point;
  if ((type === 'gauge' || type === 'sum') && value === undefined && !(flags & noRecordedValue)) {
    throw new BrokenRecordError('no-data', 'neither as_int nor as_double is set');
  }
  return point;
}

const readFieldOf: Readonly<Record<Metric['type'], ReadField>> = {
  gauge: readNumberField,
  sum: readNumberField,
  histogram: readHistogramField,
  exponential_histogram: readExponentialField,
  summary: readSummaryField,
};

/** What a type has and the wire leaves out is its default; what it does not have, undefined. */
function emptyPoint(base: Base): MetricPoint {
  const { type } = base.metric;
  const exponential = type === 'exponential_histogram';
  return {
    signal: 'metrics',
    key: base.key,
    index: base.index,
    resource: base.resource,
    scope: base.scope,
    metric: base.metric,
    seriesKey: '',
    attributes: [],
    startTimeUnixNano: 0n,
    timeUnixNano: 0n,
    flags: 0,
    value: undefined,
    count: type === 'gauge' || type === 'sum' ? undefined : 0n,
    sum: type === 'summary' ? 0 : undefined,
    min: undefined,
    max: undefined,
    bucketCounts: type === 'histogram' ? [] : undefined,
    explicitBounds: type === 'histogram' ? [] : undefined,
    scale: exponential ? 0 : undefined,
    zeroCount: exponential ? 0n : undefined,
    zeroThreshold: exponential ? 0 : undefined,
    positive: undefined,
    negative: undefined,
    quantiles: type === 'summary' ? [] : undefined,
    exemplars: [],
  };
}

function readNumberField(reader: Reader, tag: number, point: MetricPoint): void {
  if (tag === tagOf(4, wireFixed64)) point.value = { double: reader.double() };
  else if (tag === tagOf(6, wireFixed64)) point.value = { int: reader.sfixed64() };
  else if (tag === tagOf(5)) point.exemplars.push(readExemplar(reader));
  else if (tag === tagOf(7)) point.attributes.push(readKeyValue(reader));
  else if (tag === tagOf(8, wireVarint)) point.flags = reader.uint32();
  else readTimeField(reader, tag, point);
}

/** The fields 2 and 3, which all kinds share. */
function readTimeField(reader: Reader, tag: number, point: MetricPoint): void {
  if (tag === tagOf(2, wireFixed64)) point.startTimeUnixNano = reader.fixed64();
  else if (tag === tagOf(3, wireFixed64)) point.timeUnixNano = reader.fixed64();
  else reader.skip(tag);
}

function readHistogramField(reader: Reader, tag: number, point: MetricPoint): void {
  if (tag === tagOf(4, wireFixed64)) point.count = reader.fixed64();
  else if (tag === tagOf(5, wireFixed64)) point.sum = reader.double();
  else if (tag >>> 3 === 6) {
    point.bucketCounts = readNumbers(reader, tag, fixed64s, point.bucketCounts);
  } else if (tag >>> 3 === 7) {
    point.explicitBounds = readNumbers(reader, tag, doubles, point.explicitBounds);
  } else if (tag === tagOf(8)) point.exemplars.push(readExemplar(reader));
  else if (tag === tagOf(9)) point.attributes.push(readKeyValue(reader));
  else if (tag === tagOf(10, wireVarint)) point.flags = reader.uint32();
  else if (tag === tagOf(11, wireFixed64)) point.min = reader.double();
  else if (tag === tagOf(12, wireFixed64)) point.max = reader.double();
  else readTimeField(reader, tag, point);
}

function readExponentialField(reader: Reader, tag: number, point: MetricPoint): void {
  if (tag === tagOf(1)) point.attributes.push(readKeyValue(reader));
  else if (tag === tagOf(4, wireFixed64)) point.count = reader.fixed64();
  else if (tag === tagOf(5, wireFixed64)) point.sum = reader.double();
  else if (tag === tagOf(6, wireVarint)) point.scale = reader.sint32();
  else if (tag === tagOf(7, wireFixed64)) point.zeroCount = reader.fixed64();
  else if (tag === tagOf(8)) point.positive = readBuckets(reader, point.positive);
  else if (tag === tagOf(9)) point.negative = readBuckets(reader, point.negative);
  else if (tag === tagOf(10, wireVarint)) point.flags = reader.uint32();
  else if (tag === tagOf(11)) point.exemplars.push(readExemplar(reader));
  else if (tag === tagOf(12, wireFixed64)) point.min = reader.double();
  else if (tag === tagOf(13, wireFixed64)) point.max = reader.double();
  else if (tag === tagOf(14, wireFixed64)) point.zeroThreshold = reader.double();
  else readTimeField(reader, tag, point);
}

function readSummaryField(reader: Reader, tag: number, point: MetricPoint): void {
  if (tag === tagOf(4, wireFixed64)) point.count = reader.fixed64();
  else if (tag === tagOf(5, wireFixed64)) point.sum = reader.double();
  else if (tag === tagOf(6)) point.quantiles?.push(readQuantile(reader));
  else if (tag === tagOf(7)) point.attributes.push(readKeyValue(reader));
  else if (tag === tagOf(8, wireVarint)) point.flags = reader.uint32();
  else readTimeField(reader, tag, point);
}

interface Numbers<T> {
  wire: number;
  read: (reader: Reader) => T;
}
const fixed64s: Numbers<bigint> = { wire: wireFixed64, read: (reader) => reader.fixed64() };
const doubles: Numbers<number> = { wire: wireFixed64, read: (reader) => reader.double() };
const varints: Numbers<bigint> = { wire: wireVarint, read: (reader) => reader.uint64() };

/** A repeated number, packed or not: readers must take both. */
function readNumbers<T>(
  reader: Reader,
  tag: number,
  { wire, read }: Numbers<T>,
  into: T[] = [],
): T[] {
  const isPacked = (tag & 7) === wireBytes;
  if (!isPacked && (tag & 7) !== wire) reader.skip(tag);
  else {
    const outer = isPacked ? reader.enter() : undefined;
    do {
      if (!reader.more) break;
      reader.value();
      into.push(read(reader));
    } while (isPacked);
    if (outer !== undefined) reader.leave(outer);
  }
  return into;
}

function readBuckets(reader: Reader, buckets: Buckets = { offset: 0, bucketCounts: [] }): Buckets {
  const outer = reader.enter();
  while (reader.more) {
    const tag = reader.tag();
    if (tag === tagOf(1, wireVarint)) buckets.offset = reader.sint32();
    else if (tag >>> 3 === 2) readNumbers(reader, tag, varints, buckets.bucketCounts);
    else reader.skip(tag);
  }
  reader.leave(outer);
  return buckets;
}

function readQuantile(reader: Reader): { quantile: number; value: number } {
  reader.value();
  const outer = reader.enter();
  const at = { quantile: 0, value: 0 };
  while (reader.more) {
    const tag = reader.tag();
    if (tag === tagOf(1, wireFixed64)) at.quantile = reader.double();
    else if (tag === tagOf(2, wireFixed64)) at.value = reader.double();
    else reader.skip(tag);
  }
  reader.leave(outer);
  return at;
}

function readExemplar(reader: Reader): Exemplar {
  reader.value();
  const outer = reader.enter();
  const exemplar: Exemplar = {
    timeUnixNano: 0n,
    value: undefined,
    spanId: '',
    traceId: '',
    filteredAttributes: [],
  };
  while (reader.more) {
    const tag = reader.tag();
    if (tag === tagOf(2, wireFixed64)) exemplar.timeUnixNano = reader.fixed64();
    else if (tag === tagOf(3, wireFixed64)) exemplar.value = { double: reader.double() };
    else if (tag === tagOf(4)) exemplar.spanId = reader.hex();
    else if (tag === tagOf(5)) exemplar.traceId = reader.hex();
    else if (tag === tagOf(6, wireFixed64)) exemplar.value = { int: reader.sfixed64() };
    else if (tag === tagOf(7)) exemplar.filteredAttributes.push(readKeyValue(reader));
    else reader.skip(tag);
  }
  reader.leave(outer);
  return exemplar;
}

function checkExemplar(exemplar: Exemplar, index: number): void {
  exemplar.traceId = optionalTraceId(exemplar.traceId, `exemplars[${index}].trace_id`);
  exemplar.spanId = optionalSpanId(exemplar.spanId, `exemplars[${index}].span_id`);
}

/** `metrics.proto`: one count more than bounds, or neither. */
function checkBuckets({ bucketCounts = [], explicitBounds = [] }: MetricPoint): void {
  const [counts, bounds] = [bucketCounts.length, explicitBounds.length];
  if (counts === bounds + 1 || (counts === 0 && bounds === 0)) return;
  const reason = `${counts} bucket_counts do not fit ${bounds} explicit_bounds`;
  throw new BrokenRecordError('malformed-record', reason);
}
