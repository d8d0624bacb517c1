import type { DuckDBConnection } from '@duckdb/node-api';
import { minuteOf, type RowCount } from '@spillway/ledger';
import { signals } from '@spillway/otlp';
import { Parameters } from '../read/parameters.ts';
import { createTablesSql, dropTablesSql, tableOf } from '../schema.ts';
import { inTransaction } from '../transaction.ts';

/**
 * The account of a minute outlives its records by this much: a record may lie up to a day after
 * the minute in which it was accepted.
 */
const accountReachMs = 86_400_000;

/** Drops the records placed before the time, noting them as retired; returns how many. */
export async function retire(
  connection: DuckDBConnection,
  { beforeMs, accountBeforeMs }: { beforeMs: number; accountBeforeMs: number },
): Promise<number> {
  const dropped = await inTransaction(connection, async () => {
    let rows = 0;
    for (const signal of signals) rows += await retireSignal(connection, signal, beforeMs);
    await retireAccount(connection, accountBeforeMs - accountReachMs);
    await connection.run(dropPassedPositionsSql);
    if (rows > 0) await dropUnused(connection);
    return rows;
  });
  // Gives the space of what was dropped to what comes next.
  if (dropped > 0) await connection.run('CHECKPOINT');
  return dropped;
}

async function retireSignal(
  connection: DuckDBConnection,
  signal: (typeof signals)[number],
  beforeMs: number,
): Promise<number> {
  const noted = new Parameters();
  await noted.rows(
    connection,
    `INSERT INTO retired SELECT tenant, '${signal}', minute, count(*) FROM ${tableOf[signal]}
     WHERE time_ms < ${noted.bind(Math.floor(beforeMs))} GROUP BY tenant, minute`,
  );
  const dropped = new Parameters();
  const [row] = await dropped.rows(
    connection,
    `DELETE FROM ${tableOf[signal]} WHERE time_ms < ${dropped.bind(Math.floor(beforeMs))}`,
  );
  return Number(row?.Count ?? 0);
}

/** What another store retired, taken over by one that was filled from it. */
export async function noteRetired(
  connection: DuckDBConnection,
  counts: readonly RowCount[],
): Promise<void> {
  await inTransaction(connection, async () => {
    for (const { tenant, signal, minute, retired } of counts) {
      if (retired === 0) continue;
      const parameters = new Parameters();
      const values = [tenant, signal, minute, retired].map((value) => parameters.bind(value));
      await parameters.rows(connection, `INSERT INTO retired VALUES (${values.join(', ')})`);
    }
  });
}

async function retireAccount(connection: DuckDBConnection, beforeMs: number): Promise<void> {
  for (const table of ['message_applied', 'retired']) {
    const parameters = new Parameters();
    const minute = parameters.bind(minuteOf(beforeMs));
    await parameters.rows(connection, `DELETE FROM ${table} WHERE minute < ${minute}`);
  }
}

const dropPassedPositionsSql = `DELETE FROM consumer_position passed
  WHERE next_position < (SELECT max(next_position) FROM consumer_position latest
    WHERE latest.topic = passed.topic AND latest."partition" = passed."partition")`;

/** Resources, scopes and series that no record names any more. */
async function dropUnused(connection: DuckDBConnection): Promise<void> {
  await connection.run('DELETE FROM series WHERE id NOT IN (SELECT series FROM point)');
  for (const table of ['resource', 'scope']) {
    const used = ['span', 'log_record', 'series'].map((user) => `SELECT ${table} FROM ${user}`);
    await connection.run(`DELETE FROM ${table} WHERE id NOT IN (${used.join(' UNION ALL ')})`);
  }
}

export async function emptyTables(connection: DuckDBConnection): Promise<void> {
  await inTransaction(connection, async () => {
    await connection.run(dropTablesSql());
    await connection.run(createTablesSql());
  });
  await connection.run('CHECKPOINT');
}
