import type { Queryable } from './client.ts';
import { arrayLiteral, escapeText, unescapeText } from './codec.ts';

/** Ids of tenants by name. Tenants are few, never removed, and all kept in memory. */
export class Tenants {
  readonly #ids = new Map<string, string>();

  /** Writes those that are new. Nothing is remembered until `remember`, after the commit. */
  async ids(tx: Queryable, names: Iterable<string>): Promise<Map<string, string>> {
    const ids = new Map<string, string>();
    const missing = new Set<string>();
    for (const name of names) {
      const id = this.#ids.get(name);
      if (id === undefined) missing.add(name);
      else ids.set(name, id);
    }
    if (missing.size === 0) return ids;
    const params = [arrayLiteral([...missing].sort().map(escapeText))];
    await tx.query(
      'INSERT INTO tenant (name) SELECT * FROM unnest($1::text[]) ON CONFLICT DO NOTHING',
      params,
    );
    const { rows } = await tx.query(
      'SELECT id, name FROM tenant WHERE name = ANY ($1::text[])',
      params,
    );
    for (const [id, name] of rows) ids.set(unescapeText(name as string), id as string);
    return ids;
  }

  remember(ids: ReadonlyMap<string, string>): void {
    for (const [name, id] of ids) this.#ids.set(name, id);
  }
}
