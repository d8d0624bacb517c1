import {
  BIGINT,
  DOUBLE,
  type DuckDBConnection,
  type DuckDBType,
  type DuckDBValue,
  LIST,
  listValue,
  UHUGEINT,
  VARCHAR,
} from '@duckdb/node-api';
import { tooMuchAsked } from '@spillway/store';
import { isOutOfMemory } from '../memory.ts';

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

  /** All rows, for statements whose rows are few and narrow by themselves; see `answer-rows.ts`. */
  async rows(connection: DuckDBConnection, sql: string): Promise<ResultRow[]> {
    const rows: ResultRow[] = [];
    for await (const chunk of this.chunks(connection, sql)) for (const row of chunk) rows.push(row);
    return rows;
  }

  /** Throws `too-much-asked` where DuckDB has no memory for the statement. */
  async *chunks(connection: DuckDBConnection, sql: string): AsyncGenerator<ResultRow[]> {
    const result = await inMemory(() => connection.run(sql, this.#values, this.#types));
    const names = result.deduplicatedColumnNames();
    for (;;) {
      const chunk = await inMemory(() => result.fetchChunk());
      if (!chunk?.rowCount) return;
      yield Array.from({ length: chunk.rowCount }, (_, at) => {
        const values = chunk.getRowValues(at);
        return Object.fromEntries(names.map((name, i) => [name, values[i]]));
      });
    }
  }
}

/** Typed by the SQL beside it: the caller reads each column as what its statement selects. */
export type ResultRow = Record<string, unknown>;

async function inMemory<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isOutOfMemory(error)) throw error;
    throw tooMuchAsked('the search store has no memory for it', { cause: error });
  }
}

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
