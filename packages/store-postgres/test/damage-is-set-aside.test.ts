import { cp, mkdtemp, open, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TestRecords } from '@spillway/store/contract';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { createPostgresStore, type PostgresStoreEvent } from '../src/index.ts';
import { EmbeddedClient } from '../src/pglite/embedded-client.ts';
import { checkPages } from '../src/pglite/page-check.ts';

const everyMinute = { fromMinute: 0, toMinute: 2_000_000_000 };
// Each test starts databases, which takes CPU-seconds on a busy machine.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let parent: string;
let dir: string;
let events: PostgresStoreEvent[] = [];
const files: Record<string, string> = {};

beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), 'spillway-damage-'));
  dir = join(parent, 'original');
  const store = newStore();
  await store.start();
  const records = new TestRecords();
  for (let batch = 0; batch < 10; batch++) {
    const spans = () => Array.from({ length: 20 }, () => records.span());
    await store.apply(Array.from({ length: 20 }, () => records.message(spans())));
  }
  await store.stop();
  const client = await EmbeddedClient.open({ dir: join(dir, 'data'), fresh: false });
  const { rows } = await client.query(
    `SELECT regexp_replace(relname, '_\\d{8}', ''), pg_relation_filepath(oid) FROM pg_class
     WHERE relkind IN ('r', 'i') AND pg_relation_size(oid) > 0 ORDER BY pg_relation_size(oid)`,
  );
  for (const [name, path] of rows) files[String(name)] = String(path);
  await client.close();
});
afterAll(() => rm(parent, { recursive: true }));

beforeEach(async (context) => {
  const copy = join(parent, `${context.task.id}`);
  await cp(join(parent, 'original'), copy, { recursive: true });
  dir = copy;
});

function newStore() {
  events = [];
  const report = (event: PostgresStoreEvent) => events.push(event);
  return createPostgresStore({ dir, retentionMs: 7 * 86_400_000, report });
}

function fileOf(relation: string): string {
  const path = files[relation];
  if (!path) throw new Error(`no ${relation} in ${Object.keys(files)}`);
  return join(dir, 'data', path);
}

async function overwritePage(path: string, page: number): Promise<void> {
  const file = await open(path, 'r+');
  await file.write(Buffer.alloc(8_192, 0x5a), 0, 8_192, page * 8_192);
  await file.close();
}

/** As a kill -9 leaves it. */
async function writeMarker(): Promise<void> {
  const boot = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
  const gone = { boot, pid: 2 ** 22 + 1, processStart: '1', complete: true };
  await writeFile(join(dir, 'open.json'), JSON.stringify(gone));
}

async function messagesFound(): Promise<number> {
  const store = newStore();
  await store.start();
  const found = await store.appliedMessages(everyMinute);
  await store.stop();
  return found.length;
}

test('pages as PostgreSQL wrote them match their checksums', async () => {
  const check = await checkPages({ dataDir: join(dir, 'data'), bytesMax: 1e9 });
  expect(check).toEqual({ damage: undefined, lsnMax: expect.any(BigInt) });
  expect(await messagesFound()).toBe(200);
  expect(events).toEqual([]);
});

test.each([
  ['the ledger', () => fileOf('message_applied')],
  ['an index', () => fileOf('message_applied_pkey')],
  ['the catalog', () => fileOf('pg_class')],
])('an overwritten page of %s is found by its checksum', async (_, file) => {
  await overwritePage(file(), 1);
  const { damage } = await checkPages({ dataDir: join(dir, 'data'), bytesMax: 1e9 });
  expect(damage).toBe(`page 1 of ${file()} does not match its checksum`);
});

test.each([
  ['a page overwritten', () => overwritePage(fileOf('span'), 3)],
  ['a page overwritten, and killed', () => overwritePage(fileOf('span'), 3).then(writeMarker)],
  ['a table cut between pages', () => truncate(fileOf('span'), 5 * 8_192)],
  ['an index removed', () => rm(fileOf('message_applied_pkey'))],
])('%s: set aside at the start, whole, and an empty one takes its place', async (_, damage) => {
  await damage();
  expect(await messagesFound()).toBe(0);
  expect(events).toEqual([
    { type: 'store-set-aside', path: expect.any(String), reason: expect.any(String) },
  ]);
  const [event] = events as [PostgresStoreEvent & { path: string }];
  expect(await readdir(event.path)).toContain('data');
});

test('damage met while it is open: not ready, says what to do, and heals at the next start', async () => {
  const store = newStore();
  await store.start();
  const { bytes } = await open(fileOf('span'), 'r').then(async (file) => {
    const { size } = await file.stat();
    await file.close();
    return { bytes: size };
  });
  for (let page = 0; page < bytes / 8_192; page++) await overwritePage(fileOf('span'), page);
  await expect(store.rowCounts(everyMinute)).rejects.toThrow(/invalid page/);
  const told = `the write store in ${dir} is damaged (invalid page`;
  expect(store.health()).toEqual({ ok: false, detail: expect.stringContaining(told) });
  expect(store.health().detail).toContain('restart Spillway');
  await expect(store.appliedMessages(everyMinute)).rejects.toThrow(/damaged/);
  await expect(store.apply([new TestRecords().message([])])).rejects.toThrow(/damaged/);
  expect(events).toMatchObject([{ type: 'store-damaged' }]);
  await store.stop();
  expect(await messagesFound()).toBe(0);
  expect(events).toMatchObject([
    { type: 'store-set-aside', reason: expect.stringContaining('damage was found in it') },
  ]);
  expect(await messagesFound()).toBe(0);
  expect(events).toEqual([]);
});
