/** The telemetry tables as the writer fills them and the reader reads them. */
import type {
  Exemplar,
  LogRecord,
  MetricPoint,
  Signal,
  SpanEvent,
  SpanLink,
  SpanRecord,
  TelemetryRecord,
} from '@spillway/otlp';
import type { RecordOutcome } from '@spillway/store';
import type { Cell, Param } from '../client.ts';
import { arrayLiteral, copyCell } from './codec.ts';
import {
  eventFields,
  exemplarFields,
  type Field,
  linkFields,
  logFields,
  pointFields,
  spanFields,
} from './fields.ts';

/** A record on its way in, with all that its row needs beside its own fields. */
export interface Row<T = TelemetryRecord> {
  record: T;
  /** UTC, `2026-01-05`. */
  day: string;
  tenantId: string;
  minute: number;
  /** UTC day on which its dimensions were seen. */
  seenDay: string;
  messageId: string;
  position: number;
  resourceId: string;
  scopeId: string;
  /** Id of the series of a metric point. */
  seriesId: string;
  outcome: RecordOutcome;
}

/** A row of a table that hangs below a record's row: an event, a link, an exemplar. */
export interface ChildRow<T> {
  child: T;
  ordinal: number;
  parent: Row;
}

interface Column<T> {
  name: string;
  type: string;
  carrier?: string;
  write(row: T): string | number | bigint | null;
}

const parentColumns: readonly Column<Row>[] = [
  { name: 'day', type: 'date', write: ({ day }) => day },
  { name: 'key', type: 'uuid', write: ({ record }) => record.key },
  { name: 'tenant_id', type: 'integer', write: ({ tenantId }) => tenantId },
  { name: 'minute', type: 'integer', write: ({ minute }) => minute },
  { name: 'message_id', type: 'bigint', write: ({ messageId }) => messageId },
  { name: 'position', type: 'bigint', write: ({ position }) => position },
  { name: 'record_index', type: 'integer', write: ({ record }) => record.index },
  { name: 'resource_id', type: 'bigint', write: ({ resourceId }) => resourceId },
  { name: 'scope_id', type: 'bigint', write: ({ scopeId }) => scopeId },
];
const seriesColumn: Column<Row> = {
  name: 'series_id',
  type: 'bigint',
  write: ({ seriesId }) => seriesId,
};

function childColumns(keyColumn: string): Column<ChildRow<unknown>>[] {
  return [
    { name: 'day', type: 'date', write: ({ parent }) => parent.day },
    { name: 'minute', type: 'integer', write: ({ parent }) => parent.minute },
    { name: 'message_id', type: 'bigint', write: ({ parent }) => parent.messageId },
    { name: keyColumn, type: 'uuid', write: ({ parent }) => parent.record.key },
    { name: 'ordinal', type: 'integer', write: ({ ordinal }) => ordinal },
  ];
}

/** Columns in the order of the insert; `fields` are those of the record itself. */
export class Table<T, R> {
  readonly name: string;
  readonly fields: readonly Field<T>[];
  /** `$1 … $n` are the arrays of `params`, one a column. */
  readonly insertSql: string;
  /** Takes `copyText`. Unlike an insert, it fails on a key that is there. */
  readonly copySql: string;
  readonly #columns: readonly Column<R>[];

  constructor(
    name: string,
    own: readonly Column<R>[],
    fields: readonly Field<T>[],
    of: (row: R) => T,
  ) {
    this.name = name;
    this.fields = fields;
    this.#columns = [
      ...own,
      ...fields.map(
        ({ column, codec, write }): Column<R> => ({
          name: column,
          ...codec,
          write: (row) => write(of(row)),
        }),
      ),
    ];
    const names = this.#columns.map((column) => column.name);
    const arrays = this.#columns.map(({ type, carrier }, i) => `$${i + 1}::${carrier ?? type}[]`);
    const values = this.#columns.map(({ name: column, type, carrier }) =>
      carrier ? `r.${column}::${type}` : `r.${column}`,
    );
    this.insertSql =
      `INSERT INTO ${name} (${names.join(', ')}) SELECT ${values.join(', ')} ` +
      `FROM unnest(${arrays.join(', ')}) AS r (${names.join(', ')}) ON CONFLICT DO NOTHING`;
    this.copySql = `COPY ${name} (${names.join(', ')}) FROM STDIN`;
  }

  params(rows: readonly R[]): Param[] {
    return this.#columns.map(({ write }) => arrayLiteral(rows.map(write)));
  }

  copyText(rows: readonly R[]): string {
    let text = '';
    for (const row of rows) {
      let separator = '';
      for (const column of this.#columns) {
        text += separator + copyCell(column.write(row));
        separator = '\t';
      }
      text += '\n';
    }
    return text;
  }

  /** Sets the record's fields from cells that begin at `from`, in the order of `fields`. */
  readFields(record: T, cells: readonly Cell[], from: number): T {
    this.fields.forEach((field, i) => {
      field.read(record, cells[from + i] ?? null);
    });
    return record;
  }
}

export interface Child {
  table: Table<never, ChildRow<never>>;
  keyColumn: string;
  /** Property of the record that is the list of children. */
  property: string;
}

/** Records with a series: what the points of one metric and one set of attributes share. */
const withSeries = { traces: false, logs: false, metrics: true } as const satisfies Readonly<
  Record<Signal, boolean>
>;

export function hasSeries(signal: Signal): boolean {
  return withSeries[signal];
}

export function isOfSeries(record: TelemetryRecord): record is MetricPoint {
  return withSeries[record.signal];
}

export interface SignalTables {
  main: Table<never, Row<never>>;
  children: readonly Child[];
}

const spans = main<SpanRecord>('span', parentColumns, spanFields);
const logs = main<LogRecord>('log_record', parentColumns, logFields);
const points = main<MetricPoint>('metric_point', [...parentColumns, seriesColumn], pointFields);

export const tablesOf: Readonly<Record<Signal, SignalTables>> = {
  traces: {
    main: spans,
    children: [
      child<SpanEvent>('span_event', 'span_key', 'events', eventFields),
      child<SpanLink>('span_link', 'span_key', 'links', linkFields),
    ],
  },
  logs: { main: logs, children: [] },
  metrics: {
    main: points,
    children: [child<Exemplar>('exemplar', 'point_key', 'exemplars', exemplarFields)],
  },
};

/** Every partitioned table, parents before children. */
export const partitionedTables: readonly string[] = Object.values(tablesOf).flatMap(
  ({ main: { name }, children }) => [name, ...children.map(({ table }) => table.name)],
);

function main<T extends TelemetryRecord>(
  name: string,
  own: readonly Column<Row>[],
  fields: readonly Field<T>[],
): Table<never, Row<never>> {
  const table = new Table<T, Row<T>>(
    name,
    own as readonly Column<Row<T>>[],
    fields,
    (row) => row.record,
  );
  return table as unknown as Table<never, Row<never>>;
}

function child<T>(
  name: string,
  keyColumn: string,
  property: string,
  fields: readonly Field<T>[],
): Child {
  const own = childColumns(keyColumn) as readonly Column<ChildRow<T>>[];
  const table = new Table<T, ChildRow<T>>(name, own, fields, (row) => row.child);
  return { table: table as unknown as Table<never, ChildRow<never>>, keyColumn, property };
}
