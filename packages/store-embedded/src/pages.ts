import type { DuckDBConnection } from '@duckdb/node-api';
import type { AnswerRoom, ResourceView, ScopeView } from '@spillway/store';
import { ItemWeights } from '@spillway/store/search';
import { Origins } from './origins.ts';
import { Parameters, type ResultRow } from './parameters.ts';
import { inTransaction } from './transaction.ts';

export interface PagesOptions {
  /** Of texts that are read at once, unless one row has more. */
  sliceBytes: number;
  /** For resources and scopes that were answered lately. */
  originsBytesMax: number;
}

interface Slices {
  /** Of the page in its order: `row`, the number of its row, and what its caller wants of it. */
  places: readonly ResultRow[];
  /** SQL: `row` and `bytes`, those of its texts, for a condition on `row`. */
  sizes: (rowIs: (column: string) => string) => string;
  /** SQL: `row` and the rest, for a condition on `row`. */
  select: (rowIs: (column: string) => string, parameters: Parameters) => string;
}

export interface PageOf<T> extends Slices {
  room: AnswerRoom;
  view: (row: ResultRow, resource: ResourceView, scope: ScopeView) => T;
}

/** Rows whose sizes are asked for in one statement. */
const placesPerStatement = 500;

/**
 * Rows of large texts, some at a time: DuckDB would hold all rows of a statement at once, beyond its
 * memory limit. So a page is first found by the numbers of its rows, then measured, then read in slices, and
 * ends before the first one that its answer has no room for.
 */
export class Pages {
  readonly #sliceBytes: number;
  readonly #origins: Origins;

  constructor({ sliceBytes, originsBytesMax }: PagesOptions) {
    this.#sliceBytes = sliceBytes;
    this.#origins = new Origins(originsBytesMax);
  }

  /**
   * Those of the places that there is room for, from the first one on. Throws `TooMuchAskedError` where that
   * is not even the first one.
   */
  async read<T extends { resource: ResourceView; scope: ScopeView }>(
    connection: DuckDBConnection,
    page: PageOf<T>,
  ): Promise<T[]> {
    const items: T[] = [];
    const weights = new ItemWeights();
    for await (const rows of this.slices(connection, page)) {
      for await (const item of this.#origins.views(connection, rows, page.view)) {
        if (!(await page.room.admit(weights.weigh(item)))) {
          if (items.length === 0) throw page.room.tooMuch();
          return items;
        }
        items.push(item);
      }
    }
    return items;
  }

  async *slices(
    connection: DuckDBConnection,
    { places, sizes, select }: Slices,
  ): AsyncGenerator<ResultRow[]> {
    for (let from = 0; from < places.length; from += placesPerStatement) {
      const ids = places.slice(from, from + placesPerStatement).map(({ row }) => row as bigint);
      const measured = await new Parameters().rows(connection, sizes(isOneOf(ids)));
      const bytesOf = new Map(measured.map(({ row, bytes }) => [row, Number(bytes)]));
      for (const slice of slicesOf(ids, (id) => bytesOf.get(id) ?? 0, this.#sliceBytes)) {
        const parameters = new Parameters();
        const found = await parameters.rows(connection, select(isOneOf(slice), parameters));
        const byId = new Map(found.map((each) => [each.row as bigint, each]));
        yield slice.flatMap((id): ResultRow[] => {
          const row = byId.get(id);
          return row ? [row] : [];
        });
      }
    }
  }
}

/** The statements of one page see the same rows under the same numbers. */
export function asOfOneMoment<T>(connection: DuckDBConnection, read: () => Promise<T>): Promise<T> {
  return inTransaction(connection, read);
}

function* slicesOf(
  ids: readonly bigint[],
  bytesOf: (id: bigint) => number,
  bytesMax: number,
): Generator<bigint[]> {
  let slice: bigint[] = [];
  let bytes = 0;
  for (const id of ids) {
    if (slice.length > 0 && bytes + bytesOf(id) > bytesMax) {
      yield slice;
      slice = [];
      bytes = 0;
    }
    slice.push(id);
    bytes += bytesOf(id);
  }
  if (slice.length > 0) yield slice;
}

/** As numbers in the statement, and with their range, by which DuckDB leaves out whole row groups. */
function isOneOf(ids: readonly bigint[]): (column: string) => string {
  let [least, most] = [ids[0] as bigint, ids[0] as bigint];
  for (const id of ids) {
    if (id < least) least = id;
    if (id > most) most = id;
  }
  return (column) => `${column} BETWEEN ${least} AND ${most} AND ${column} IN (${ids.join()})`;
}

/** SQL: bytes of texts. */
export function textBytes(columns: readonly string[]): string {
  return columns.map((column) => `coalesce(strlen(${column}), 0)`).join(' + ');
}

/** SQL, for `LEFT JOIN`s of the resource `r` and the scope `c` of a row. */
export const originTexts = [
  'r.attributes',
  'r.schema_url',
  'c.attributes',
  'c.schema_url',
  'c.name',
  'c.version',
];

export function joinOrigins(of: string): string {
  return `LEFT JOIN resource r ON r.id = ${of}.resource LEFT JOIN scope c ON c.id = ${of}.scope`;
}
