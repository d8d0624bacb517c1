import type { DuckDBConnection } from '@duckdb/node-api';
import type { ResourceView, ScopeView } from '@spillway/store';
import { listFromJson, weigh } from '@spillway/store/search';
import { LRUCache } from 'lru-cache';
import { Parameters, type ResultRow } from './parameters.ts';

type Make<T> = (row: ResultRow, resource: ResourceView, scope: ScopeView) => T;

/** Gives rows the resource and scope that they name by hash. */
export class Origins {
  readonly #resources: LRUCache<bigint, ResourceView>;
  readonly #scopes: LRUCache<bigint, ScopeView>;

  /** @param bytesMax for those that are kept, which never change under their hash */
  constructor(bytesMax: number) {
    this.#resources = newCache(bytesMax / 2);
    this.#scopes = newCache(bytesMax / 2);
  }

  /** One after the other, so that the caller may stop before the next one is made. */
  async *views<T>(
    connection: DuckDBConnection,
    rows: readonly ResultRow[],
    make: Make<T>,
  ): AsyncGenerator<[index: number, view: T]> {
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
    for (const [i, row] of rows.entries()) {
      const resource = resources.get(resourceIds[i] as bigint) ?? goneResource;
      const scope = scopes.get(scopeIds[i] as bigint) ?? goneScope;
      yield [i, make(row, resource, scope)];
    }
  }
}

/** Retention removed it between the two queries, and the row with it. */
const goneResource: ResourceView = { attributes: [], droppedAttributesCount: 0, schemaUrl: '' };
const goneScope: ScopeView = { ...goneResource, name: '', version: '' };

/** Its place in the cache, and the number that it is found by. */
const entryBytes = 130;

function newCache<T extends object>(bytesMax: number): LRUCache<bigint, T> {
  const sizeCalculation = (view: T): number => entryBytes + weigh(view).objects;
  return new LRUCache({ maxSize: Math.max(1, Math.floor(bytesMax)), sizeCalculation });
}

interface Reading<T> {
  read: (missing: bigint[]) => Promise<ResultRow[]>;
  view: (row: ResultRow) => T;
}

async function resolve<T extends object>(
  ids: readonly bigint[],
  kept: LRUCache<bigint, T>,
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
    kept.set(idOf(row), view);
  }
  return found;
}

async function readByIds(
  connection: DuckDBConnection,
  table: 'resource' | 'scope',
  ids: bigint[],
): Promise<ResultRow[]> {
  const parameters = new Parameters();
  return await parameters.rows(
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
