/**
 * The tables, as column lists in the order in which rows are appended: DDL and appender are made
 * from the same list, so they cannot disagree.
 *
 * There is no index: keys are found by scanning the one column over the rows' time range, which
 * DuckDB's zone maps cut to a few row groups. An index over random 128-bit keys would live in
 * memory for good.
 */
import {
  BIGINT,
  DOUBLE,
  type DuckDBType,
  INTEGER,
  UBIGINT,
  UHUGEINT,
  UINTEGER,
  VARCHAR,
} from '@duckdb/node-api';
import type { Signal } from '@spillway/otlp';

export type Columns = Readonly<Record<string, DuckDBType>>;

/** Raised whenever the tables change: an older file is set aside and filled again from the log. */
export const schemaVersion = 2;

const place = {
  key: UHUGEINT,
  tenant: VARCHAR,
  /** Minute of acceptance. */
  minute: INTEGER,
  partition: INTEGER,
  position: BIGINT,
  /** Index of the record in its message. */
  idx: INTEGER,
  /** Where the record belongs in time; see `place-in-time.ts`. */
  time_ms: BIGINT,
  /** Bytes of its texts and of those that it shares with others: what reading it takes. */
  bytes: INTEGER,
} as const;

const origin = { resource: UHUGEINT, scope: UHUGEINT } as const;

/** Lists and values are OTLP/JSON text; null stands for the empty list. */
export const spanColumns = {
  ...place,
  trace_id: UHUGEINT,
  span_id: UBIGINT,
  parent_span_id: UBIGINT,
  service: VARCHAR,
  name: VARCHAR,
  kind: INTEGER,
  status_code: INTEGER,
  start_ns: UBIGINT,
  end_ns: UBIGINT,
  flags: UINTEGER,
  attributes: VARCHAR,
  events: VARCHAR,
  links: VARCHAR,
  /** JSON of fields that most spans leave empty; null when all are. */
  rare: VARCHAR,
  ...origin,
} as const satisfies Columns;

export const logColumns = {
  ...place,
  time_ns: UBIGINT,
  observed_ns: UBIGINT,
  severity_number: INTEGER,
  severity_text: VARCHAR,
  body: VARCHAR,
  event_name: VARCHAR,
  service: VARCHAR,
  trace_id: UHUGEINT,
  span_id: UBIGINT,
  flags: UINTEGER,
  attributes: VARCHAR,
  dropped_attributes: UINTEGER,
  /** Body and attribute values in lower case: what a search for words looks at. */
  words: VARCHAR,
  ...origin,
} as const satisfies Columns;

/** What the points of a series share stands in `series`, under `series`. */
export const pointColumns = {
  ...place,
  series: UHUGEINT,
  start_ns: UBIGINT,
  time_ns: UBIGINT,
  flags: UINTEGER,
  value_int: BIGINT,
  value_double: DOUBLE,
  count: UBIGINT,
  sum: DOUBLE,
  min: DOUBLE,
  max: DOUBLE,
  /** JSON of buckets and quantiles; null for gauges and sums. */
  shape: VARCHAR,
  exemplars: VARCHAR,
} as const satisfies Columns;

export const seriesColumns = {
  /** Hash of all the other columns. */
  id: UHUGEINT,
  tenant: VARCHAR,
  /** The record's `seriesKey`. */
  series_key: UHUGEINT,
  name: VARCHAR,
  description: VARCHAR,
  unit: VARCHAR,
  type: VARCHAR,
  temporality: INTEGER,
  monotonic: INTEGER,
  metadata: VARCHAR,
  service: VARCHAR,
  attributes: VARCHAR,
  ...origin,
} as const satisfies Columns;

export const resourceColumns = {
  id: UHUGEINT,
  attributes: VARCHAR,
  dropped_attributes: UINTEGER,
  schema_url: VARCHAR,
} as const satisfies Columns;

export const scopeColumns = {
  ...resourceColumns,
  name: VARCHAR,
  version: VARCHAR,
} as const satisfies Columns;

export const appliedColumns = {
  /** `gateway/epoch/topic/partition/sequence` */
  id: VARCHAR,
  tenant: VARCHAR,
  signal: VARCHAR,
  minute: INTEGER,
  position: BIGINT,
  records: INTEGER,
  stored: INTEGER,
  duplicates: INTEGER,
  dead_lettered: INTEGER,
  is_foreign: INTEGER,
} as const satisfies Columns;

/** A row per batch and partition; the largest counts. Appending is cheaper than an upsert. */
export const positionColumns = {
  topic: VARCHAR,
  partition: INTEGER,
  next_position: BIGINT,
} as const satisfies Columns;

export const stagedKeyColumns = { row: INTEGER, key: UHUGEINT } as const satisfies Columns;

export const tableOf: Readonly<Record<Signal, string>> = {
  traces: 'span',
  logs: 'log_record',
  metrics: 'point',
};

export const tables: Readonly<Record<string, Columns>> = {
  span: spanColumns,
  log_record: logColumns,
  point: pointColumns,
  series: seriesColumns,
  resource: resourceColumns,
  scope: scopeColumns,
  message_applied: appliedColumns,
  consumer_position: positionColumns,
};

const otherTables = {
  retired: 'tenant VARCHAR, signal VARCHAR, minute INTEGER, records BIGINT',
};

export function createTablesSql(): string {
  const made = Object.entries(tables).map(([name, columns]) => createSql(name, columns));
  const others = Object.entries(otherTables).map(
    ([name, body]) => `CREATE TABLE IF NOT EXISTS ${name} (${body});`,
  );
  return [...made, ...others].join('\n');
}

export function dropTablesSql(): string {
  return [...Object.keys(tables), ...Object.keys(otherTables)]
    .map((name) => `DROP TABLE IF EXISTS ${name};`)
    .join('\n');
}

/** Makes the SQL of the writer's own connection; its tables are never on disk. */
export function createStagingSql(): string {
  return [
    createSql('staged_key', stagedKeyColumns, 'TEMP '),
    createSql('staged_resource', resourceColumns, 'TEMP '),
    createSql('staged_scope', scopeColumns, 'TEMP '),
    createSql('staged_series', seriesColumns, 'TEMP '),
  ].join('\n');
}

function createSql(name: string, columns: Columns, temp = ''): string {
  const body = Object.entries(columns).map(([column, type]) => `"${column}" ${type}`);
  return `CREATE ${temp}TABLE IF NOT EXISTS ${name} (${body.join(', ')});`;
}
