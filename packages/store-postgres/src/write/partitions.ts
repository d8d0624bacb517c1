/** Telemetry tables are partitioned by day; each day's partitions are made once, before use. */

import { lockSchema } from '../admin/locks.ts';
import type { Queryable } from '../client.ts';
import { dayMs, dayOf } from './days.ts';
import { partitionedTables } from './tables.ts';

export class Partitions {
  readonly #known = new Set<string>();

  /** Makes what is missing. `tx` has locked the days, so that none is dropped before it ends. */
  async ensure(tx: Queryable, days: readonly string[]): Promise<void> {
    const unknown = days.filter((day) => !this.#known.has(day)).sort();
    if (unknown.length === 0) return;
    await lockSchema(tx);
    const there = new Set(await partitionedDays(tx));
    const missing = unknown.filter((day) => !there.has(day));
    if (missing.length === 0) return;
    await tx.script(missing.flatMap((day) => partitionedTables.map(createSql(day))).join('\n'));
  }

  /** After the commit. */
  remember(days: readonly string[]): void {
    for (const day of days) this.#known.add(day);
  }

  forget(): void {
    this.#known.clear();
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
