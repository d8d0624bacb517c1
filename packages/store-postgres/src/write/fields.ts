/**
 * Which property of a record lives in which column. Writing and reading both follow these lists,
 * so what comes back is what went in.
 */
import type {
  AnyValue,
  Exemplar,
  KeyValue,
  LogRecord,
  MetricPoint,
  SpanEvent,
  SpanLink,
  SpanRecord,
} from '@spillway/otlp';
import type { Cell } from '../client.ts';
import * as codec from './codec.ts';

type Written = string | number | bigint | null;

/** One column of the rows of `T`. */
export interface Field<T> {
  column: string;
  codec: Pick<codec.Codec<never>, 'type' | 'carrier'>;
  write(row: T): Written;
  /** Sets the property; rows are built field by field. */
  read(row: T, cell: Cell): void;
}

const keyValues = codec.json<KeyValue[]>();

export const spanFields: readonly Field<SpanRecord>[] = [
  field('trace_id', 'traceId', codec.hex),
  field('span_id', 'spanId', codec.hex),
  field('parent_span_id', 'parentSpanId', codec.hex),
  field('trace_state', 'traceState', codec.text),
  field('flags', 'flags', codec.uint32),
  field('name', 'name', codec.text),
  field('kind', 'kind', codec.int32),
  field('start_time_unix_nano', 'startTimeUnixNano', codec.uint64),
  field('end_time_unix_nano', 'endTimeUnixNano', codec.uint64),
  field('attributes', 'attributes', keyValues),
  field('dropped_attributes_count', 'droppedAttributesCount', codec.uint32),
  field('dropped_events_count', 'droppedEventsCount', codec.uint32),
  field('dropped_links_count', 'droppedLinksCount', codec.uint32),
  field('status_code', 'statusCode', codec.int32),
  field('status_message', 'statusMessage', codec.text),
];

export const eventFields: readonly Field<SpanEvent>[] = [
  field('time_unix_nano', 'timeUnixNano', codec.uint64),
  field('name', 'name', codec.text),
  field('attributes', 'attributes', keyValues),
  field('dropped_attributes_count', 'droppedAttributesCount', codec.uint32),
];

export const linkFields: readonly Field<SpanLink>[] = [
  field('trace_id', 'traceId', codec.hex),
  field('span_id', 'spanId', codec.hex),
  field('trace_state', 'traceState', codec.text),
  field('flags', 'flags', codec.uint32),
  field('attributes', 'attributes', keyValues),
  field('dropped_attributes_count', 'droppedAttributesCount', codec.uint32),
];

export const logFields: readonly Field<LogRecord>[] = [
  field('time_unix_nano', 'timeUnixNano', codec.uint64),
  field('observed_time_unix_nano', 'observedTimeUnixNano', codec.uint64),
  field('severity_number', 'severityNumber', codec.int32),
  field('severity_text', 'severityText', codec.text),
  field('body', 'body', codec.optional(codec.json<AnyValue>())),
  field('attributes', 'attributes', keyValues),
  field('dropped_attributes_count', 'droppedAttributesCount', codec.uint32),
  field('flags', 'flags', codec.uint32),
  field('trace_id', 'traceId', codec.hex),
  field('span_id', 'spanId', codec.hex),
  field('event_name', 'eventName', codec.text),
];

const counts = codec.list(codec.uint64) as codec.Codec<bigint[]>;
const doubles = codec.list(codec.double) as codec.Codec<number[]>;

export const pointFields: readonly Field<MetricPoint>[] = [
  field('start_time_unix_nano', 'startTimeUnixNano', codec.uint64),
  field('time_unix_nano', 'timeUnixNano', codec.uint64),
  field('flags', 'flags', codec.uint32),
  ...numberFields<MetricPoint>(),
  field('count', 'count', codec.optional(codec.uint64)),
  field('sum', 'sum', codec.optional(codec.double)),
  field('min', 'min', codec.optional(codec.double)),
  field('max', 'max', codec.optional(codec.double)),
  field('bucket_counts', 'bucketCounts', codec.optional(counts)),
  field('explicit_bounds', 'explicitBounds', codec.optional(doubles)),
  field('scale', 'scale', codec.optional(codec.int32)),
  field('zero_count', 'zeroCount', codec.optional(codec.uint64)),
  field('zero_threshold', 'zeroThreshold', codec.optional(codec.double)),
  ...bucketFields('positive'),
  ...bucketFields('negative'),
  ...quantileFields(),
];

export const exemplarFields: readonly Field<Exemplar>[] = [
  field('time_unix_nano', 'timeUnixNano', codec.uint64),
  ...numberFields<Exemplar>(),
  field('span_id', 'spanId', codec.hex),
  field('trace_id', 'traceId', codec.hex),
  field('filtered_attributes', 'filteredAttributes', keyValues),
];

function field<T extends object, K extends keyof T & string>(
  column: string,
  property: K,
  of: codec.Codec<T[K]>,
): Field<T> {
  return {
    column,
    codec: of,
    write: (row) => of.write(row[property]),
    read: (row, cell) => {
      row[property] = codec.readCell(of, cell) as T[K];
    },
  };
}

/** An integer and a double share `value`; at most one column is set. */
function numberFields<T extends Pick<Exemplar, 'value'>>(): Field<T>[] {
  return [
    {
      column: 'value_int',
      codec: codec.int64,
      write: ({ value }) => (value && 'int' in value ? value.int : null),
      read: (row, cell) => {
        row.value = cell === null ? undefined : { int: BigInt(cell) };
      },
    },
    {
      column: 'value_double',
      codec: codec.double,
      write: ({ value }) => (value && 'double' in value ? codec.double.write(value.double) : null),
      read: (row, cell) => {
        if (cell !== null) row.value = { double: Number(cell) };
      },
    },
  ];
}

function bucketFields(sign: 'positive' | 'negative'): Field<MetricPoint>[] {
  return [
    {
      column: `${sign}_offset`,
      codec: codec.int32,
      write: (point) => point[sign]?.offset ?? null,
      read: (point, cell) => {
        point[sign] = cell === null ? undefined : { offset: Number(cell), bucketCounts: [] };
      },
    },
    {
      column: `${sign}_counts`,
      codec: counts,
      write: (point) => {
        const buckets = point[sign];
        return buckets ? counts.write(buckets.bucketCounts) : null;
      },
      read: (point, cell) => {
        const buckets = point[sign];
        if (buckets && cell !== null) buckets.bucketCounts = counts.read(cell);
      },
    },
  ];
}

function quantileFields(): Field<MetricPoint>[] {
  return [
    {
      column: 'quantiles',
      codec: doubles,
      write: ({ quantiles }) =>
        quantiles ? doubles.write(quantiles.map(({ quantile }) => quantile)) : null,
      read: (point, cell) => {
        point.quantiles =
          cell === null
            ? undefined
            : doubles.read(cell).map((quantile) => ({ quantile, value: 0 }));
      },
    },
    {
      column: 'quantile_values',
      codec: doubles,
      write: ({ quantiles }) =>
        quantiles ? doubles.write(quantiles.map(({ value }) => value)) : null,
      read: (point, cell) => {
        if (cell === null) return;
        doubles.read(cell).forEach((value, i) => {
          const quantile = point.quantiles?.[i];
          if (quantile) quantile.value = value;
        });
      },
    },
  ];
}
