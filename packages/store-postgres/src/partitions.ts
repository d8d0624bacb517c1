/** Telemetry tables are partitioned by day; each day's partitions are made once, before use. */
import type { Client, Queryable } from './client.ts';
import { dayMs, dayOf } from './days.ts';
import { partitionedTables } from './tables.ts';

/** Of the advisory lock that migrations and partitions are made under. */
export const schemaLock = 5_317_425_533;

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
      await tx.query(`SELECT pg_advisory_xact_lock(${schemaLock})`);
      await tx.script(missing.flatMap((day) => partitionedTables.map(createSql(day))).join('\n'));
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

function createSql(day: string): (table: string) => string {
  const next = dayOf(Date.parse(day) + dayMs);
  return (table) =>
    `CREATE TABLE IF NOT EXISTS ${partitionName(table, day)} PARTITION OF ${table} ` +
    `FOR VALUES FROM ('${day}') TO ('${next}');`;
}
