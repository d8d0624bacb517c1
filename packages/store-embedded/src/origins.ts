import type { DuckDBConnection } from '@duckdb/node-api';
import type { ResourceView, ScopeView } from '@spillway/store';
import { listFromJson } from '@spillway/store/search';
import { Parameters, type ResultRow } from './parameters.ts';

/** Parsed resources and scopes kept of each; they never change under their hash. */
const keptMax = 2_000;

type Make<T> = (row: ResultRow, resource: ResourceView, scope: ScopeView) => T;

/** Gives rows the resource and scope that they name by hash. */
export class Origins {
  readonly #resources = new Map<bigint, ResourceView>();
  readonly #scopes = new Map<bigint, ScopeView>();

  async views<T>(
    connection: DuckDBConnection,
    rows: readonly ResultRow[],
    make: Make<T>,
  ): Promise<T[]> {
    const resourceIds = rows.map((row) => row.resource as bigint);
    const resources = await resolve(resourceIds, this.#resources, async (missing) =>
      (await readByIds(connection, 'resource', missing)).map((row) => [
        idOf(row),
        resourceView(row),
      ]),
    );
    const scopeIds = rows.map((row) => row.scope as bigint);
    const scopes = await resolve(scopeIds, this.#scopes, async (missing) =>
      (await readByIds(connection, 'scope', missing)).map((row) => [idOf(row), scopeView(row)]),
    );
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

async function resolve<T>(
  ids: readonly bigint[],
  kept: Map<bigint, T>,
  read: (missing: bigint[]) => Promise<[bigint, T][]>,
): Promise<Map<bigint, T>> {
  const found = new Map<bigint, T>();
  const missing: bigint[] = [];
  for (const id of new Set(ids)) {
    const view = kept.get(id);
    if (view === undefined) missing.push(id);
    else found.set(id, view);
  }
  if (missing.length === 0) return found;
  for (const [id, view] of await read(missing)) {
    found.set(id, view);
    if (kept.size >= keptMax) kept.clear();
    kept.set(id, view);
  }
  return found;
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
