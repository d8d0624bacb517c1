import type { DuckDBConnection } from '@duckdb/node-api';
import {
  type KeyValue,
  type Metric,
  type Resource,
  type Scope,
  type TelemetryRecord,
  unreachable,
} from '@spillway/otlp';
import { messageOf } from '@spillway/resilience';
import { logColumns, pointColumns, spanColumns } from '../schema.ts';
import type { Dimensions } from './dimensions.ts';
import type { Candidate } from './duplicates.ts';
import { logRow } from './log-rows.ts';
import { pointRow } from './point-rows.ts';
import { type RecordPlace, recordPlace } from './record-place.ts';
import { spanRow } from './span-rows.ts';
import { TableRows } from './table-rows.ts';

/** The rows of one batch, with the dimension rows that they need. */
export class BatchRows {
  readonly #dimensions: Dimensions;
  readonly #rowBytesMax: number;
  readonly #spans = new TableRows(spanColumns);
  readonly #logs = new TableRows(logColumns);
  readonly #points = new TableRows(pointColumns);

  #bytes = 0;

  constructor(dimensions: Dimensions, rowBytesMax: number) {
    this.#dimensions = dimensions;
    this.#rowBytesMax = rowBytesMax;
  }

  /** Bytes of the texts in the rows, in UTF-8. */
  get bytes(): number {
    return this.#bytes;
  }

  /** A record that cannot be made a row is a dead letter and does not hold up its neighbours. */
  add({ message, record, placed, outcomes, slot }: Candidate): void {
    try {
      this.#addRow(record, recordPlace(message, record, placed.timeMs));
    } catch (error) {
      if (error instanceof TooLargeError) {
        outcomes[slot] = { status: 'deadLetter', code: 'too-large', reason: error.message };
        return;
      }
      const reason = `no row can be made of it: ${messageOf(error)}`;
      outcomes[slot] = { status: 'deadLetter', code: 'unstorable', reason };
    }
  }

  #addRow(record: TelemetryRecord, place: RecordPlace): void {
    const shared = sharedBytes(record.resource) + sharedBytes(record.scope);
    switch (record.signal) {
      case 'traces': {
        const row = spanRow(record, place);
        this.#spans.add({ ...row, bytes: this.#take(row, shared) });
        break;
      }
      case 'logs': {
        const row = logRow(record, place);
        this.#logs.add({ ...row, bytes: this.#take(row, shared) });
        break;
      }
      case 'metrics': {
        const row = pointRow(record, place, 0n);
        const ofSeries = metricBytes(record.metric) + attributeBytes(record.attributes);
        const bytes = this.#take(row, shared + ofSeries);
        this.#points.add({ ...row, bytes, series: this.#dimensions.addSeries(record, place) });
        break;
      }
      default:
        unreachable(record);
    }
    this.#dimensions.add(record.resource, record.scope);
  }

  #take(row: Record<string, unknown>, besideBytes: number): number {
    let bytes = besideBytes;
    for (const name in row) {
      const value = row[name];
      if (typeof value === 'string') bytes += Buffer.byteLength(value);
    }
    if (bytes > this.#rowBytesMax) throw new TooLargeError(bytes, this.#rowBytesMax);
    this.#bytes += bytes;
    return bytes;
  }

  /** Inside the batch's transaction. */
  async insert(connection: DuckDBConnection): Promise<void> {
    await this.#dimensions.insert(connection);
    await this.#spans.appendTo(connection, 'span');
    await this.#logs.appendTo(connection, 'log_record');
    await this.#points.appendTo(connection, 'point');
  }
}

class TooLargeError extends Error {
  constructor(bytes: number, bytesMax: number) {
    super(`its texts are ${bytes} bytes, and the search store takes ${bytesMax}: give it memory`);
  }
}

const knownBytes = new WeakMap<Resource | Scope | Metric, number>();

/** Many records share a resource, a scope and a metric, so each is measured once. */
function once<T extends Resource | Scope | Metric>(of: T, measure: (of: T) => number): number {
  let bytes = knownBytes.get(of);
  if (bytes === undefined) {
    bytes = measure(of);
    knownBytes.set(of, bytes);
  }
  return bytes;
}

function sharedBytes(shared: Resource | Scope): number {
  return once(shared, ({ attributes, schemaUrl }) => {
    const named = 'name' in shared ? textBytes(shared.name, shared.version) : 0;
    return named + textBytes(schemaUrl) + attributeBytes(attributes);
  });
}

function metricBytes(metric: Metric): number {
  return once(metric, ({ name, description, unit, metadata }) => {
    return textBytes(name, description, unit) + attributeBytes(metadata);
  });
}

function attributeBytes(attributes: readonly KeyValue[]): number {
  let bytes = 0;
  for (const { key, value } of attributes) {
    bytes += textBytes(key, value.stringValue ?? JSON.stringify(value));
  }
  return bytes;
}

function textBytes(...texts: readonly string[]): number {
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
}
