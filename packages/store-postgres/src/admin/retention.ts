/** Retention drops whole days and keeps count of what it dropped. */
import { minuteOf } from '@spillway/ledger';
import { type Signal, signals } from '@spillway/otlp';
import type { Client, Queryable } from '../client.ts';
import { dayMs, dayOf } from '../write/days.ts';
import { partitionedDays, partitionName } from '../write/partitions.ts';
import { partitionedTables, tablesOf } from '../write/tables.ts';
import { lockOutDay, lockRetention, lockSchema } from './locks.ts';

/**
 * A record's day is at most one after its acceptance, so what was accepted two days before the
 * oldest day kept has no rows left: its facts and dimensions can go, too.
 */
const factsKeptDays = 2;

const retireSql = (signal: Signal, partition: string) =>
  `INSERT INTO retired_count AS r (tenant_id, signal, minute, records)
   SELECT tenant_id, '${signal}', minute, count(*) FROM ${partition} GROUP BY tenant_id, minute
   ORDER BY minute, tenant_id
   ON CONFLICT (minute, tenant_id, signal) DO UPDATE SET records = r.records + excluded.records`;

/**
 * Drops every day that ended by `olderThanMs` (ms since the epoch). A day is one transaction with
 * its counts. Returns the number of records dropped.
 */
export async function retain(client: Client, olderThanMs: number): Promise<number> {
  const firstKept = dayOf(olderThanMs);
  const days = (await partitionedDays(client)).filter((day) => day < firstKept);
  let dropped = 0;
  for (const day of days) dropped += await client.transaction((tx) => dropDay(tx, day));
  const before = Date.parse(firstKept) - factsKeptDays * dayMs;
  await client.transaction((tx) => dropFacts(tx, before));
  return dropped;
}

async function dropDay(tx: Queryable, day: string): Promise<number> {
  await lockRetention(tx);
  // No row may come between the count and the drop.
  await lockOutDay(tx, day);
  if (!(await partitionedDays(tx)).includes(day)) return 0;
  let dropped = 0;
  for (const signal of signals) {
    const partition = partitionName(tablesOf[signal].main.name, day);
    const { rows } = await tx.query(`SELECT count(*) FROM ${partition}`);
    dropped += Number(rows[0]?.[0]);
    await tx.query(retireSql(signal, partition));
  }
  await lockSchema(tx);
  // Waits for who writes to other days, and they wait for this: short, and bounded by the timeout.
  await tx.script(
    partitionedTables.map((table) => `DROP TABLE ${partitionName(table, day)};`).join('\n'),
  );
  return dropped;
}

async function dropFacts(tx: Queryable, beforeMs: number): Promise<void> {
  const minute = minuteOf(beforeMs);
  const day = dayOf(beforeMs);
  await tx.script(`
    DELETE FROM message_rejected WHERE message_id IN
      (SELECT id FROM message_applied WHERE minute < ${minute});
    DELETE FROM message_applied WHERE minute < ${minute};
    DELETE FROM retired_count WHERE minute < ${minute};
    DELETE FROM ledger_noted_message WHERE minute < ${minute};
    DELETE FROM ledger_refused WHERE minute < ${minute};
    ${retireNotes(minute)}
    DELETE FROM ledger_spill WHERE waiting = '[]' AND at_ms < ${beforeMs};
    DELETE FROM metric_series WHERE seen_day < '${day}';
    DELETE FROM scope WHERE seen_day < '${day}';
    DELETE FROM resource WHERE seen_day < '${day}';
  `);
}

/**
 * Only from the first note on, up to the first that names a kept minute: a gap is a lost note. The
 * last one that goes leaves its number behind, as one row per start of a gateway.
 */
const retireNotes = (minute: number) => `
    WITH old AS (
      SELECT gateway, epoch,
        coalesce(min(note) FILTER (WHERE last_minute >= ${minute}) - 1, max(note)) AS last
      FROM ledger_note GROUP BY gateway, epoch
    ), gone AS (
      DELETE FROM ledger_note n USING old o
      WHERE n.gateway = o.gateway AND n.epoch = o.epoch AND n.note < o.last
    )
    INSERT INTO ledger_note (gateway, epoch, note, last_minute)
      SELECT gateway, epoch, last, -1 FROM old WHERE last > 0 ORDER BY gateway, epoch
      ON CONFLICT (gateway, epoch, note) DO UPDATE SET last_minute = -1;`;
