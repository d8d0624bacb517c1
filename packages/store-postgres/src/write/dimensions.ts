/**
 * Rows that many records share: tenant, resource, scope, metric series. They are found by hash,
 * kept in a bounded cache, and written on first sight of a day, before the transaction of the rows,
 * sorted so that writers that meet the same ones never wait for each other in a circle.
 */
import { createHash } from 'node:crypto';
import type { Metric, MetricPoint, Resource, Scope } from '@spillway/otlp';
import { LRUCache } from 'lru-cache';
import type { Queryable } from '../client.ts';
import * as codec from './codec.ts';

type Values = (string | number | bigint | null)[];

/**
 * `values` in the order of `columns`. `seenDay` is the day of acceptance, and never earlier than
 * today: what any writer has seen today, no other writer's retention removes.
 */
export interface Wanted {
  tenantId: string;
  hash: string;
  seenDay: string;
  values: () => Values;
}

interface Known {
  id: string;
  seenDay: string;
}

const entriesMax = 50_000;
const keyValues = codec.json();

export class Dimension {
  readonly #known = new LRUCache<string, Known>({ max: entriesMax });
  readonly #sql: string;
  readonly #selectSql: string;

  constructor(table: string, columns: readonly (readonly [name: string, type: string])[]) {
    const all = [['tenant_id', 'integer'], ['hash', 'uuid'], ['seen_day', 'date'], ...columns];
    const names = all.map(([name]) => name).join(', ');
    const arrays = all.map(([, type], i) => `$${i + 1}::${type}[]`).join(', ');
    this.#sql =
      `INSERT INTO ${table} AS t (${names}) SELECT * FROM unnest(${arrays}) ` +
      'ON CONFLICT (tenant_id, hash) DO UPDATE SET seen_day = excluded.seen_day ' +
      'WHERE t.seen_day < excluded.seen_day';
    this.#selectSql =
      `SELECT t.id, t.tenant_id, t.hash FROM ${table} t ` +
      'JOIN unnest($1::integer[], $2::uuid[]) AS w (tenant_id, hash) USING (tenant_id, hash)';
  }

  /**
   * Ids by `tenantId/hash`. `db` must not be in a transaction: what is remembered is committed, and
   * writers that meet the same new ones never wait for each other's batches.
   */
  async ids(db: Queryable, wanted: Iterable<Wanted>): Promise<Map<string, string>> {
    const ids = new Map<string, string>();
    const missing = new Map<string, Wanted>();
    for (const one of wanted) {
      const name = nameOf(one);
      const known = this.#known.get(name);
      if (known && known.seenDay >= one.seenDay) ids.set(name, known.id);
      else missing.set(name, one);
    }
    if (missing.size > 0) await this.#write(db, missing, ids);
    return ids;
  }

  forget(): void {
    this.#known.clear();
  }

  async #write(db: Queryable, missing: ReadonlyMap<string, Wanted>, ids: Map<string, string>) {
    const sorted = [...missing].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, wanted]) => wanted);
    const rows = sorted.map((one) => [one.tenantId, one.hash, one.seenDay, ...one.values()]);
    const columns = (rows[0] ?? []).map((_, i) => rows.map((row) => row[i] ?? null));
    const params = columns.map(codec.arrayLiteral);
    await db.query(this.#sql, params);
    const found = await db.query(this.#selectSql, params.slice(0, 2));
    for (const [id, tenantId, hash] of found.rows) {
      const name = `${tenantId}/${codec.hash.read(hash as string)}`;
      ids.set(name, id as string);
      const { seenDay } = missing.get(name) as Wanted;
      this.#known.set(name, { id: id as string, seenDay });
    }
  }
}

export function nameOf({ tenantId, hash }: { tenantId: string; hash: string }): string {
  return `${tenantId}/${hash}`;
}

export function resourceValues(resource: Resource): Values {
  return [
    codec.text.write(resource.service),
    keyValues.write(resource.attributes),
    resource.droppedAttributesCount,
    codec.text.write(resource.schemaUrl),
  ];
}

export function scopeValues(scope: Scope): Values {
  return [
    codec.text.write(scope.name),
    codec.text.write(scope.version),
    keyValues.write(scope.attributes),
    scope.droppedAttributesCount,
    codec.text.write(scope.schemaUrl),
  ];
}

export const newResources = () =>
  new Dimension('resource', [
    ['service', 'text'],
    ['attributes', 'json'],
    ['dropped_attributes_count', 'bigint'],
    ['schema_url', 'text'],
  ]);

export const newScopes = () =>
  new Dimension('scope', [
    ['name', 'text'],
    ['version', 'text'],
    ['attributes', 'json'],
    ['dropped_attributes_count', 'bigint'],
    ['schema_url', 'text'],
  ]);

export const newSeries = () =>
  new Dimension('metric_series', [
    ['series_key', 'uuid'],
    ['name', 'text'],
    ['description', 'text'],
    ['unit', 'text'],
    ['type', 'text'],
    ['temporality', 'integer'],
    ['monotonic', 'boolean'],
    ['metadata', 'json'],
    ['attributes', 'json'],
  ]);

/**
 * A series as stored: `seriesKey` ignores the description and the order of attributes, which must
 * come back as they were sent, so the hash covers the whole text.
 */
export function seriesOf(
  point: MetricPoint,
  metricTexts: WeakMap<Metric, string>,
): { hash: string; values: () => Values } {
  const { metric } = point;
  let metricText = metricTexts.get(metric);
  if (metricText === undefined) {
    metricText = JSON.stringify(metricValues(metric));
    metricTexts.set(metric, metricText);
  }
  const attributes = keyValues.write(point.attributes) as string;
  const hash = createHash('md5').update(`${point.seriesKey}${metricText}${attributes}`);
  return {
    hash: hash.digest('hex'),
    values: () => [point.seriesKey, ...metricValues(metric), attributes],
  };
}

function metricValues(metric: Metric): Values {
  return [
    codec.text.write(metric.name),
    codec.text.write(metric.description),
    codec.text.write(metric.unit),
    metric.type,
    metric.temporality,
    codec.bool.write(metric.monotonic),
    keyValues.write(metric.metadata),
  ];
}
