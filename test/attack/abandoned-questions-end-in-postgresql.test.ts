import { setTimeout as sleep } from 'node:timers/promises';
import { type PostgresServer, startPostgres } from '@spillway/native';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { AttackLab } from './support/attack-lab.ts';

let postgres: PostgresServer;
let lab: AttackLab;
let operator: Client;
let holder: Client;
beforeAll(async () => {
  postgres = await startPostgres();
  const url = await postgres.createDatabase();
  lab = await AttackLab.start({
    env: {
      SPILLWAY_STORE_WRITE_KIND: 'postgres',
      SPILLWAY_STORE_WRITE_POSTGRES_URL: url,
      // So long that only the deadline of a question, or the end of who asked, ends it.
      SPILLWAY_STORE_WRITE_POSTGRES_STATEMENT_TIMEOUT_MS: '120000',
      SPILLWAY_STORE_WRITE_POSTGRES_LOCK_TIMEOUT_MS: '120000',
      SPILLWAY_CONSOLE_QUERY_TIMEOUT_MS: '1500',
    },
  });
  [operator, holder] = [1, 2].map(() => new Client({ connectionString: url })) as [Client, Client];
  await Promise.all([operator.connect(), holder.connect()]);
  // Every question of the ledger reads it, and the writer does not write it.
  await holder.query('BEGIN; LOCK TABLE spillway.retired_count IN ACCESS EXCLUSIVE MODE');
});
afterAll(async () => {
  await lab?.close();
  await operator?.end();
  await holder?.end();
  await postgres?.remove();
});

async function count(sql: string): Promise<number> {
  return Number((await operator.query(sql)).rows[0]?.count);
}

const sessions = `SELECT count(*) FROM pg_stat_activity
  WHERE application_name = 'spillway' AND datname = current_database()`;
const questions = `${sessions} AND state <> 'idle' AND query LIKE '%retired_count%'`;
const stored = 'SELECT count(*) FROM spillway.span';

async function goneWithin(ms: number): Promise<void> {
  const untilMs = performance.now() + ms;
  while ((await count(questions)) > 0 && performance.now() < untilMs) await sleep(50);
  expect(await count(questions)).toBe(0);
}

it('at its deadline the answer is 504, and the server works on it no more', async () => {
  const { status } = await lab.ask('/api/ledger');
  expect(status).toBe(504);
  await goneWithin(1_000);
});

it('who goes away leaves nothing behind, and the writer goes on', async () => {
  const before = await count(stored);
  const headers = { authorization: `Bearer ${lab.evilKey}` };
  let most = 0;
  for (let n = 0; n < 30; n++) {
    const asked = fetch(`${lab.addresses.console}/api/ledger`, {
      headers,
      signal: AbortSignal.timeout(150),
    });
    await expect(asked).rejects.toThrow();
    most = Math.max(most, await count(sessions));
  }
  await goneWithin(1_000);
  // Four that write, two that read, one for retention, one that cancels.
  expect(most).toBeLessThanOrEqual(4 + 2 + 1 + 1);
  expect(await count(stored)).toBeGreaterThan(before);
  await holder.query('ROLLBACK');
  const { status } = await lab.ask('/api/ledger', lab.goodKey);
  expect(status).toBe(200);
  await lab.verdict();
});
