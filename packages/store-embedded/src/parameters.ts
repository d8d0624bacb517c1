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

  async query(connection: DuckDBConnection, sql: string): Promise<ResultRow[]> {
    const result = await connection.runAndReadAll(sql, this.#values, this.#types);
    return result.getRowObjects() as ResultRow[];
  }
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
