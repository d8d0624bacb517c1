/** Stores on one server, each test with a database of its own. */
import { type PostgresServer, startPostgres } from '@spillway/native';
import type { WriteStore } from '@spillway/store';
import pg from 'pg';
import { afterAll, beforeAll, onTestFinished } from 'vitest';
import {
  createPostgresServerStore,
  type PostgresServerStoreConfig,
  type PostgresStoreEvent,
  postgresSection,
} from '../src/index.ts';

export const everyMinute = { fromMinute: 0, toMinute: 2_000_000_000 };
export const retentionMs = 7 * 86_400_000;

/** One for the tests of a file. */
export function useServer(): () => PostgresServer {
  let running: PostgresServer | undefined;
  beforeAll(async () => {
    running = await startPostgres();
  });
  afterAll(() => running?.remove());
  return () => running as PostgresServer;
}

export function newStore(
  url: string,
  over: Partial<PostgresServerStoreConfig> = {},
): WriteStore & { events: PostgresStoreEvent[] } {
  const events: PostgresStoreEvent[] = [];
  const report = (event: PostgresStoreEvent) => events.push(event);
  const section = postgresSection.parse({ url });
  const store = createPostgresServerStore({ ...section, retentionMs, report, ...over });
  return Object.assign(store, { events });
}

/** Stopped when the test is over. */
export async function startStore(url: string, over: Partial<PostgresServerStoreConfig> = {}) {
  const store = newStore(url, over);
  onTestFinished(() => store.stop());
  await store.start();
  return store;
}

/** Statements of an operator, by the superuser. */
export async function sql(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query('SET search_path = spillway; SET default_transaction_read_only = off');
    const { rows } = await client.query(text);
    return rows ?? [];
  } finally {
    await client.end();
  }
}
