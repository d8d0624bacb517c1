import {
  BIGINT,
  DOUBLE,
  type DuckDBConnection,
  DuckDBListValue,
  type DuckDBType,
  type DuckDBValue,
  LIST,
  listValue,
  UHUGEINT,
  VARCHAR,
} from '@duckdb/node-api';
import { TooMuchAskedError } from '@spillway/store';
import { isOutOfMemory } from './memory.ts';

export type Parameter = string | number | bigint | null | readonly string[] | readonly bigint[];

/**
 * The values of one statement. Text from outside enters SQL through `bind` only, which stores the
 * value and gives the placeholder to write in its place.
 */
export class Parameters {
  readonly #values: DuckDBValue[] = [];
  readonly #types: DuckDBType[] = [];

  bind(value: Parameter): string {
    const [stored, type] = typed(value);
    this.#types.push(type);
    return `$${this.#values.push(stored)}`;
  }

  /** Throws `TooMuchAskedError` where the rows are more than may be in memory for one statement. */
  async query(
    connection: DuckDBConnection,
    sql: string,
    bytesMax = rowsBytesMaxOf(connection),
  ): Promise<ResultRow[]> {
    const { rows, isCut } = await this.#read(connection, sql, bytesMax);
    if (isCut) throw new TooMuchAskedError(`more than ${bytesMax} bytes were found`);
    return rows;
  }

  /** Of large rows only the first ones, at least one of them. */
  page(connection: DuckDBConnection, sql: string): Promise<{ rows: ResultRow[]; isCut: boolean }> {
    return this.#read(connection, sql, pageShare * rowsBytesMaxOf(connection));
  }

  async #read(connection: DuckDBConnection, sql: string, bytesMax: number) {
    const rows: ResultRow[] = [];
    let bytes = 0;
    try {
      const result = await connection.run(sql, this.#values, this.#types);
      const names = result.deduplicatedColumnNames();
      for (
        let chunk = await result.fetchChunk();
        chunk?.rowCount;
        chunk = await result.fetchChunk()
      ) {
        for (let at = 0; at < chunk.rowCount; at++) {
          const values = chunk.getRowValues(at);
          for (const value of values) bytes += bytesOf(value);
          if (bytes > bytesMax && rows.length > 0) return { rows, isCut: true };
          rows.push(Object.fromEntries(names.map((name, i) => [name, values[i]])));
        }
      }
    } catch (error) {
      if (isOutOfMemory(error))
        throw new TooMuchAskedError('the search store has no memory for it');
      throw error;
    }
    return { rows, isCut: false };
  }
}

/** Of the texts of one statement's rows, which JavaScript then holds once more as objects. */
const rowsBytesMax = 64 * 1_048_576;
/** A page has this part of it. */
const pageShare = 1 / 8;
const ownRowsBytesMax = new WeakMap<DuckDBConnection, number>();

/** Rows of one statement of this connection take at most so much, where that is less than 64 MiB. */
export function limitRows(connection: DuckDBConnection, bytesMax: number): void {
  ownRowsBytesMax.set(connection, Math.min(bytesMax, rowsBytesMax));
}

function rowsBytesMaxOf(connection: DuckDBConnection): number {
  return ownRowsBytesMax.get(connection) ?? rowsBytesMax;
}
/** What any value takes beside its text. */
const valueBytes = 16;

function bytesOf(value: DuckDBValue): number {
  if (typeof value === 'string') return valueBytes + value.length;
  if (value instanceof DuckDBListValue) {
    return value.items.reduce<number>((sum, item) => sum + bytesOf(item), valueBytes);
  }
  return valueBytes;
}

/** Typed by the SQL beside it: the caller reads each column as what its statement selects. */
export type ResultRow = Record<string, unknown>;

/** Integers as integers: compared with a DOUBLE, a column could not be pruned by zone maps. */
function typed(value: Parameter): [DuckDBValue, DuckDBType] {
  if (value === null) return [null, VARCHAR];
  if (typeof value === 'string') return [value, VARCHAR];
  if (typeof value === 'bigint') return [value, UHUGEINT];
  if (typeof value === 'number') {
    return Number.isSafeInteger(value) ? [BigInt(value), BIGINT] : [value, DOUBLE];
  }
  const isText = typeof value[0] === 'string';
  return [listValue([...value]), LIST(isText ? VARCHAR : UHUGEINT)];
}
