import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TestRecords } from '@spillway/store/contract';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import {
  createPostgresStore,
  FolderInUseError,
  MigrationChangedError,
  type PostgresStoreEvent,
  SchemaTooNewError,
} from '../src/index.ts';
import { EmbeddedClient } from '../src/pglite/embedded-client.ts';

const everyMinute = { fromMinute: 0, toMinute: 2_000_000_000 };
// Each test starts databases, which takes CPU-seconds on a busy machine.
vi.setConfig({ testTimeout: 120_000 });

let parent: string;
let dir: string;
let events: PostgresStoreEvent[] = [];

beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), 'spillway-postgres-'));
  dir = join(parent, 'postgres');
});
afterAll(() => rm(parent, { recursive: true }));

function newStore() {
  events = [];
  const report = (event: PostgresStoreEvent) => events.push(event);
  return createPostgresStore({ dir, retentionMs: 7 * 86_400_000, report });
}

function pathSetAside(): string {
  const event = events.find(({ type }) => type === 'store-set-aside');
  return event?.type === 'store-set-aside' ? event.path : '';
}

/** Opens it, looks, and leaves one message in it. */
async function messagesFound(): Promise<number> {
  const store = newStore();
  await store.start();
  const found = await store.appliedMessages(everyMinute);
  const records = new TestRecords();
  await store.apply([records.message([records.span()])]);
  await store.stop();
  return found.length;
}

test('a first start that did not come to its end is begun again', async () => {
  await expect(newStore().stop()).resolves.toBeUndefined();
  expect(await messagesFound()).toBe(0);
  await truncate(join(dir, 'data', 'global', 'pg_control'), 0);
  await writeMarker({ complete: false });
  expect(await messagesFound()).toBe(0);
  expect(events).toEqual([]);
  expect(await messagesFound()).toBe(1);
});

test('a folder that was open when its process died is opened again', async () => {
  await writeMarker({});
  expect(await messagesFound()).toBe(1);
  expect(events).toEqual([]);
});

test('a database that dies under the store is opened again, with all it had committed', async () => {
  const open = vi.spyOn(EmbeddedClient, 'open');
  const store = newStore();
  await store.start();
  const before = (await store.appliedMessages(everyMinute)).length;
  const client: EmbeddedClient = await open.mock.results[0]?.value;
  await client.close();
  open.mockRestore();
  expect(store.health().ok).toBe(false);
  const records = new TestRecords({ gateway: 'gw-after' });
  await store.apply([records.message([records.span()])]);
  expect(store.health().ok).toBe(true);
  expect(await store.appliedMessages(everyMinute)).toHaveLength(before + 1);
  expect(events).toEqual([{ type: 'store-reopening', reason: 'the database is closed' }]);
  await store.stop();
});

test('a folder that was open when the machine went down is set aside', async () => {
  await writeMarker({ boot: 'an earlier one' });
  expect(await messagesFound()).toBe(0);
  expect(events).toEqual([
    {
      type: 'store-set-aside',
      path: expect.stringContaining('postgres.set-aside-'),
      reason: 'it was open when the machine went down',
    },
  ]);
  expect(await readdir(pathSetAside())).toContain('data');
});

test('a folder that does not open is set aside, and what was set aside before is kept', async () => {
  await truncate(join(dir, 'data', 'global', 'pg_control'), 100);
  const before = await foldersSetAside();
  expect(await messagesFound()).toBe(0);
  expect(events).toEqual([
    expect.objectContaining({ reason: expect.stringMatching(/^it does not open: .*pg_control/) }),
  ]);
  expect(await foldersSetAside()).toEqual([...before, pathSetAside()]);
});

test('a folder in use is refused and not touched', async () => {
  const store = newStore();
  await store.start();
  const marker = await readFile(join(dir, 'open.json'), 'utf8');
  await expect(newStore().start()).rejects.toThrow(FolderInUseError);
  expect(await readFile(join(dir, 'open.json'), 'utf8')).toBe(marker);
  await store.stop();
  await store.stop();
  expect(await readdir(dir)).toEqual(['data', 'sizes.json']);
});

test('a database of a newer version is refused and not touched', async () => {
  const version = (sql: string) => withDatabase((client) => client.script(sql));
  await version('INSERT INTO schema_version (version) VALUES (99)');
  await expect(newStore().start()).rejects.toThrow(SchemaTooNewError);
  expect(await readdir(dir)).toEqual(['data', 'sizes.json']);
  await version('DELETE FROM schema_version WHERE version = 99');
  expect(await messagesFound()).toBe(1);
});

test('a database that another text of a migration made is refused and not touched', async () => {
  const set = (change: string) =>
    withDatabase((client) => client.script(`UPDATE schema_version SET checksum = ${change}`));
  await set('reverse(checksum)');
  await expect(newStore().start()).rejects.toThrow(MigrationChangedError);
  expect(await readdir(dir)).toEqual(['data', 'sizes.json']);
  await set('reverse(checksum)');
  expect(await messagesFound()).toBe(1);
});

async function foldersSetAside(): Promise<string[]> {
  const names = (await readdir(parent)).filter((name) => name.includes('set-aside'));
  return names.sort().map((name) => join(parent, name));
}

async function withDatabase(work: (client: EmbeddedClient) => Promise<void>): Promise<void> {
  const client = await EmbeddedClient.open({ dir: join(dir, 'data'), fresh: false });
  await work(client);
  await client.close();
}

async function writeMarker(over: object): Promise<void> {
  const boot = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
  const gone = { boot, pid: 2 ** 22 + 1, processStart: '1', complete: true };
  await writeFile(join(dir, 'open.json'), JSON.stringify({ ...gone, ...over }));
}
