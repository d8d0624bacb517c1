import type { DuckDBConnection } from '@duckdb/node-api';
import type { TelemetryRecord } from '@spillway/otlp';
import type { Dimensions } from './dimensions.ts';
import type { Candidate } from './duplicates.ts';
import { logRow } from './log-rows.ts';
import { pointRow } from './point-rows.ts';
import { type RecordPlace, recordPlace } from './record-place.ts';
import { logColumns, pointColumns, spanColumns } from './schema.ts';
import { spanRow } from './span-rows.ts';
import { TableRows } from './table-rows.ts';

/** The rows of one batch, with the dimension rows that they need. */
export class BatchRows {
  readonly #dimensions: Dimensions;
  readonly #spans = new TableRows(spanColumns);
  readonly #logs = new TableRows(logColumns);
  readonly #points = new TableRows(pointColumns);

  constructor(dimensions: Dimensions) {
    this.#dimensions = dimensions;
  }

  /** A record that cannot be made a row is a dead letter and does not hold up its neighbours. */
  add({ message, record, placed, outcomes, slot }: Candidate): void {
    try {
      this.#addRow(record, recordPlace(message, record, placed.timeMs));
    } catch (error) {
      const reason = `no row can be made of it: ${(error as Error).message}`;
      outcomes[slot] = { status: 'deadLetter', code: 'unstorable', reason };
    }
  }

  #addRow(record: TelemetryRecord, place: RecordPlace): void {
    if (record.signal === 'traces') {
      this.#spans.add(spanRow(record, place));
    } else if (record.signal === 'logs') {
      this.#logs.add(logRow(record, place));
    } else {
      this.#points.add(pointRow(record, place, this.#dimensions.addSeries(record, place)));
    }
    this.#dimensions.add(record.resource, record.scope);
  }

  /** Inside the batch's transaction. */
  async insert(connection: DuckDBConnection): Promise<void> {
    await this.#dimensions.insert(connection);
    await this.#spans.appendTo(connection, 'span');
    await this.#logs.appendTo(connection, 'log_record');
    await this.#points.appendTo(connection, 'point');
  }
}
