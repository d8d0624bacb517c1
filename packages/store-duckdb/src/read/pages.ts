import type { DuckDBConnection } from '@duckdb/node-api';
import type { AnswerRoom, ResourceView, ScopeView } from '@spillway/store';
import { ItemWeights } from '@spillway/store/search';
import { Origins } from './origins.ts';
import { Parameters, type ResultRow } from './parameters.ts';

interface Slices {
  /** Rows of the page in its order: `row`, the number of its row, its `key` and `bytes`. */
  places: readonly ResultRow[];
  /** SQL: `row`, `key` and the rest, for a condition on `row`. */
  select: (rowIs: (column: string) => string, parameters: Parameters) => string;
}

export interface PageOf<T> extends Slices {
  room: AnswerRoom;
  view: (row: ResultRow, resource: ResourceView, scope: ScopeView) => T;
}

/**
 * Rows of large texts, some at a time: DuckDB would hold all rows of a statement at once, beyond its
 * memory limit. So a page is first found by the numbers of its rows, then read in slices, and ends
 * before the first one that its answer has no room for.
 */
export class Pages {
  readonly #origins: Origins;

  /** @param originsBytesMax for resources and scopes that were answered lately */
  constructor(originsBytesMax: number) {
    this.#origins = new Origins(originsBytesMax);
  }

  /**
   * Reads as much of the places as there is room for; `last` is the one that the next page begins
   * behind, absent at the end. Throws `too-much-asked` where there is no room for the first one.
   */
  async read<T extends { resource: ResourceView; scope: ScopeView }>(
    connection: DuckDBConnection,
    page: PageOf<T>,
    limit: number,
  ): Promise<{ items: T[]; last: ResultRow | undefined }> {
    const { room, view } = page;
    const places = page.places.slice(0, limit);
    const items: T[] = [];
    const weights = new ItemWeights();
    let last: ResultRow | undefined;
    for await (const found of this.slices(connection, { ...page, places })) {
      const rows = found.map(({ row }) => row);
      for await (const [i, item] of this.#origins.views(connection, rows, view)) {
        if (!(await room.admit(weights.weigh(item)))) {
          if (!last) throw room.tooMuch();
          return { items, last };
        }
        items.push(item);
        last = found[i]?.place;
      }
    }
    return { items, last: places.length < page.places.length ? places.at(-1) : undefined };
  }

  async *slices(
    connection: DuckDBConnection,
    { places, select }: Slices,
  ): AsyncGenerator<{ place: ResultRow; row: ResultRow }[]> {
    for (const slice of slicesOf(places)) {
      const parameters = new Parameters();
      const sql = select(isOneOf(slice), parameters);
      const found = await parameters.rows(connection, sql);
      const byRow = new Map(found.map((row) => [row.row as bigint, row]));
      yield slice.flatMap((place) => {
        const row = byRow.get(place.row as bigint);
        // Between two statements retention may give its number to another row.
        return row && row.key === place.key ? [{ place, row }] : [];
      });
    }
  }
}

/**
 * Bytes of one statement, unless one row has more. Its result takes half a megabyte however few its
 * rows are, until the garbage collector, which does not see it, comes by.
 */
const sliceBytesMax = 262_144;
const sliceRowsMax = 500;

function* slicesOf(places: readonly ResultRow[]): Generator<ResultRow[]> {
  let slice: ResultRow[] = [];
  let bytes = 0;
  for (const place of places) {
    const more = place.bytes as number;
    if (slice.length > 0 && (bytes + more > sliceBytesMax || slice.length === sliceRowsMax)) {
      yield slice;
      slice = [];
      bytes = 0;
    }
    slice.push(place);
    bytes += more;
  }
  if (slice.length > 0) yield slice;
}

/**
 * Compares a column with a list of numbers, and with their range, by which DuckDB leaves out whole
 * row groups.
 */
function isOneOf(places: readonly ResultRow[]): (column: string) => string {
  const ids = places.map(({ row }) => row as bigint);
  let [least, most] = [ids[0] as bigint, ids[0] as bigint];
  for (const id of ids) {
    if (id < least) least = id;
    if (id > most) most = id;
  }
  return (column) => `${column} BETWEEN ${least} AND ${most} AND ${column} IN (${ids.join()})`;
}
