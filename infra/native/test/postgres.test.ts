import { type PostgresServer, startPostgres } from '@spillway/native';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { treeOf } from '../src/process-tree.ts';
import { expectEnded, expectEndWithOwner } from './processes.ts';

let postgres: PostgresServer;

beforeAll(async () => {
  postgres = await startPostgres({ config: { max_connections: '20' } });
});
afterAll(() => postgres?.remove());

async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

test('each database is fresh', async () => {
  const [one, other] = [await postgres.createDatabase(), await postgres.createDatabase()];
  await query(one, 'create table here (id int)');
  expect(await query(other, "select to_regclass('here') as here")).toEqual([{ here: null }]);
  expect(await query(other, 'show max_connections')).toEqual([{ max_connections: '20' }]);
  expect(await query(other, 'show fsync')).toEqual([{ fsync: 'on' }]);
});

test('what was committed is there after a kill amid a query, and after a stop', async () => {
  await query(postgres.url, 'create table kept as select 1 as id');
  const running = query(postgres.url, 'select pg_sleep(60)');
  const broken = expect(running).rejects.toThrow();
  const pids = treeOf(postgres.server.pid);
  await postgres.server.kill();
  await broken;
  await expectEnded(pids);
  await postgres.server.start();
  expect(await query(postgres.url, 'select id from kept')).toEqual([{ id: 1 }]);
  await postgres.server.stop();
  await postgres.server.start();
  expect(await query(postgres.url, 'select id from kept')).toEqual([{ id: 1 }]);
});

test('it wants its password', async () => {
  const wrong = postgres.url.replace(':spillway@', ':wrong@');
  await expect(query(wrong, 'select 1')).rejects.toThrow('password authentication failed');
});

test('it ends with the process that started it, even by SIGKILL', () =>
  expectEndWithOwner('postgres'));

test('its removal ends all its processes', async () => {
  const pids = treeOf(postgres.server.pid);
  expect(pids.length).toBeGreaterThan(1);
  await postgres.remove();
  await expectEnded(pids);
});
