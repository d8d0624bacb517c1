import type { Queryable } from '../client.ts';
import { arrayLiteral, escapeText, unescapeText } from './codec.ts';

/** Ids of tenants by name. Tenants are few, never removed, and all kept in memory. */
export class Tenants {
  readonly #ids = new Map<string, string>();

  /**
   * Writes those that are new. `db` must not be in a transaction: what is remembered is committed,
   * and writers that meet the same new tenant never wait for each other's batches.
   */
  async ids(db: Queryable, names: Iterable<string>): Promise<ReadonlyMap<string, string>> {
    const missing = new Set<string>();
    for (const name of names) if (!this.#ids.has(name)) missing.add(name);
    if (missing.size === 0) return this.#ids;
    const params = [arrayLiteral([...missing].sort().map(escapeText))];
    await db.query(
      'INSERT INTO tenant (name) SELECT * FROM unnest($1::text[]) ON CONFLICT DO NOTHING',
      params,
    );
    const { rows } = await db.query(
      'SELECT id, name FROM tenant WHERE name = ANY ($1::text[])',
      params,
    );
    for (const [id, name] of rows) this.#ids.set(unescapeText(name as string), id as string);
    return this.#ids;
  }
}
