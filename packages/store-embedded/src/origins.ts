import type { DuckDBConnection } from '@duckdb/node-api';
import type { ResourceView, ScopeView } from '@spillway/store';
import { listFromJson } from '@spillway/store/search';
import { Parameters, type ResultRow } from './parameters.ts';

/** Parsed resources and scopes kept of each; they never change under their hash. */
const keptMax = 2_000;
/** Of the texts that they were parsed from, of each; what is parsed takes some four times as much. */
const keptCharsMax = 2_097_152;

type Make<T> = (row: ResultRow, resource: ResourceView, scope: ScopeView) => T;

/** Gives rows the resource and scope that they name by hash. */
export class Origins {
  readonly #resources = new Kept<ResourceView>();
  readonly #scopes = new Kept<ScopeView>();

  async views<T>(
    connection: DuckDBConnection,
    rows: readonly ResultRow[],
    make: Make<T>,
  ): Promise<T[]> {
    const resourceIds = rows.map((row) => row.resource as bigint);
    const resources = await resolve(resourceIds, this.#resources, {
      read: (missing) => readByIds(connection, 'resource', missing),
      view: resourceView,
    });
    const scopeIds = rows.map((row) => row.scope as bigint);
    const scopes = await resolve(scopeIds, this.#scopes, {
      read: (missing) => readByIds(connection, 'scope', missing),
      view: scopeView,
    });
    return rows.map((row, i) =>
      make(
        row,
        resources.get(resourceIds[i] as bigint) ?? goneResource,
        scopes.get(scopeIds[i] as bigint) ?? goneScope,
      ),
    );
  }
}

/** Retention removed it between the two queries, and the row with it. */
const goneResource: ResourceView = { attributes: [], droppedAttributesCount: 0, schemaUrl: '' };
const goneScope: ScopeView = { ...goneResource, name: '', version: '' };

/** Starts over when it is full: only look-ups are lost. */
class Kept<T> {
  readonly #views = new Map<bigint, T>();
  #chars = 0;

  get(id: bigint): T | undefined {
    return this.#views.get(id);
  }

  add(id: bigint, view: T, chars: number): void {
    if (this.#views.size >= keptMax || this.#chars + chars > keptCharsMax) {
      this.#views.clear();
      this.#chars = 0;
    }
    this.#views.set(id, view);
    this.#chars += chars;
  }
}

interface Reading<T> {
  read: (missing: bigint[]) => Promise<ResultRow[]>;
  view: (row: ResultRow) => T;
}

async function resolve<T>(
  ids: readonly bigint[],
  kept: Kept<T>,
  { read, view: viewOf }: Reading<T>,
): Promise<Map<bigint, T>> {
  const found = new Map<bigint, T>();
  const missing: bigint[] = [];
  for (const id of new Set(ids)) {
    const view = kept.get(id);
    if (view === undefined) missing.push(id);
    else found.set(id, view);
  }
  if (missing.length === 0) return found;
  for (const row of await read(missing)) {
    const view = viewOf(row);
    found.set(idOf(row), view);
    kept.add(idOf(row), view, charsOf(row));
  }
  return found;
}

function charsOf(row: ResultRow): number {
  return Object.values(row).reduce<number>((sum, value) => {
    return sum + (typeof value === 'string' ? value.length : 0);
  }, 0);
}

async function readByIds(
  connection: DuckDBConnection,
  table: 'resource' | 'scope',
  ids: bigint[],
): Promise<ResultRow[]> {
  const parameters = new Parameters();
  return await parameters.query(
    connection,
    `SELECT * FROM ${table} WHERE id IN (SELECT unnest(${parameters.bind(ids)}))`,
  );
}

function idOf(row: ResultRow): bigint {
  return row.id as bigint;
}

function resourceView(row: ResultRow): ResourceView {
  return {
    attributes: listFromJson(row.attributes as string | null),
    droppedAttributesCount: row.dropped_attributes as number,
    schemaUrl: row.schema_url as string,
  };
}

function scopeView(row: ResultRow): ScopeView {
  return { ...resourceView(row), name: row.name as string, version: row.version as string };
}
