import {
  type DuckDBConnection,
  DuckDBDataChunk,
  type DuckDBType,
  type DuckDBValue,
} from '@duckdb/node-api';
import type { Columns } from '../schema.ts';

/** DuckDB's own vector size; a chunk cannot be larger. */
const chunkRows = 2048;

export type Row<C extends Columns> = { readonly [K in keyof C]: DuckDBValue };

/**
 * A chunk per table for the whole process, filled and appended in one synchronous step: a new one
 * each time would keep its memory until the garbage collector, which does not see it, comes by.
 */
const chunks = new Map<Columns, DuckDBDataChunk>();

/** Rows gathered column by column and appended in chunks: some ten times cheaper than INSERT. */
export class TableRows<C extends Columns> {
  readonly #columns: C;
  readonly #names: readonly string[];
  readonly #types: readonly DuckDBType[];
  readonly #values: DuckDBValue[][];
  #count = 0;

  constructor(columns: C) {
    this.#columns = columns;
    this.#names = Object.keys(columns);
    this.#types = Object.values(columns);
    this.#values = this.#types.map(() => []);
  }

  get count(): number {
    return this.#count;
  }

  add(row: Row<C>): void {
    for (let i = 0; i < this.#names.length; i++) {
      this.#values[i]?.push(row[this.#names[i] as string] as DuckDBValue);
    }
    this.#count++;
  }

  /** Inside the connection's transaction. */
  async appendTo(connection: DuckDBConnection, table: string, schema?: 'temp'): Promise<void> {
    if (this.#count === 0) return;
    const appender = schema
      ? await connection.createAppender(table, 'main', 'temp')
      : await connection.createAppender(table);
    try {
      for (let start = 0; start < this.#count; start += chunkRows) {
        const chunk = this.#chunk();
        chunk.setColumns(this.#values.map((values) => values.slice(start, start + chunkRows)));
        appender.appendDataChunk(chunk);
        chunk.reset();
      }
      appender.flushSync();
    } finally {
      // One that still has rows appends them when the garbage collector comes, to whatever
      // transaction is open by then.
      appender.clear();
      appender.closeSync();
    }
  }

  #chunk(): DuckDBDataChunk {
    const known = chunks.get(this.#columns);
    if (known) return known;
    const chunk = DuckDBDataChunk.create(this.#types);
    chunks.set(this.#columns, chunk);
    return chunk;
  }
}
