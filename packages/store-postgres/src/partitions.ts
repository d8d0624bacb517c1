/** Telemetry tables are partitioned by day; each day's partitions are made once, before use. */
import type { Client, Queryable } from './client.ts';
import { dayMs, dayOf } from './days.ts';
import { lockSchema } from './locks.ts';
import { partitionedTables } from './tables.ts';

export class Partitions {
  readonly #client: Client;
  readonly #made = new Set<string>();

  constructor(client: Client) {
    this.#client = client;
  }

  /** Makes what is missing, in a transaction of its own. */
  async ensure(days: Iterable<string>): Promise<void> {
    const missing = [...new Set(days)].filter((day) => !this.#made.has(day)).sort();
    if (missing.length === 0) return;
    await this.#client.transaction(async (tx) => {
      await lockSchema(tx);
      const there = new Set(await partitionedDays(tx));
      const absent = missing.filter((day) => !there.has(day));
      if (absent.length === 0) return;
      await tx.script(absent.flatMap((day) => partitionedTables.map(createSql(day))).join('\n'));
    });
    for (const day of missing) this.#made.add(day);
  }

  forget(): void {
    this.#made.clear();
  }
}

/** Days that have partitions, oldest first. */
export async function partitionedDays(tx: Queryable): Promise<string[]> {
  const { rows } = await tx.query(
    `SELECT DISTINCT right(c.relname, 8) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
     WHERE i.inhparent = ANY ($1::regclass[]) ORDER BY 1`,
    [`{${partitionedTables.join(',')}}`],
  );
  return rows.map(([day]) => (day as string).replace(/(....)(..)(..)/, '$1-$2-$3'));
}

export function partitionName(table: string, day: string): string {
  return `${table}_${day.replaceAll('-', '')}`;
}

/** Made apart and attached: that locks out no writer of other days, as `PARTITION OF` would. */
function createSql(day: string): (table: string) => string {
  const next = dayOf(Date.parse(day) + dayMs);
  return (table) => {
    const name = partitionName(table, day);
    return (
      `CREATE TABLE ${name} (LIKE ${table} INCLUDING DEFAULTS INCLUDING INDEXES);` +
      `ALTER TABLE ${table} ATTACH PARTITION ${name} FOR VALUES FROM ('${day}') TO ('${next}');`
    );
  };
}
