import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { topicOf } from '@spillway/broker';
import { TestRecords } from '@spillway/store/contract';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createDuckdbSearchStore, type SearchStoreEvent } from '../src/index.ts';

const allMinutes = { fromMinute: 0, toMinute: 100_000_000 };
const partition = { topic: topicOf.traces, partition: 0 };

let parent: string;
let dir: string;
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'spillway-durable-'));
  dir = join(parent, 'search');
});
afterEach(() => rm(parent, { recursive: true }));

async function opened(report?: (event: SearchStoreEvent) => void) {
  const store = createDuckdbSearchStore({ dir, report });
  await store.start();
  return store;
}

test('what was applied survives kill -9, rows and position together', async () => {
  for (let round = 0; round < 3; round++) {
    const child = spawn(process.execPath, [
      join(import.meta.dirname, 'apply-until-killed.ts'),
      dir,
    ]);
    let text = '';
    child.stdout.on('data', (data) => {
      text += data;
      // The answer to the last batch may be cut; it is killed in the middle of the next.
      if (text.split('\n').length > 5 + round) child.kill('SIGKILL');
    });
    await once(child, 'close');
    const answered = Number(text.split('\n').at(-2));
    const store = await opened();
    const [position] = (await store.capabilities.nextPositions?.([partition])) ?? [];
    const [count] = await store.rowCounts(allMinutes);
    await store.stop();
    expect(answered).toBeGreaterThan(0);
    expect(position?.position).toBeGreaterThanOrEqual(answered);
    expect(count?.rows).toBe((position?.position ?? 0) * 10);
  }
});

test.each([
  ['overwritten', (good: Buffer) => good.fill(0x5a, 0, 12_288)],
  ['cut', (good: Buffer) => good.subarray(0, 5_000)],
  ['not a database', () => Buffer.from('hello')],
])('a file that is %s is set aside and the store begins fresh', async (_, damage) => {
  const records = new TestRecords();
  const messages = [records.message([records.span()])];
  const first = await opened();
  await first.apply(messages);
  await first.stop();
  const path = join(dir, 'search.duckdb');
  await writeFile(path, damage(await readFile(path)));

  const events: SearchStoreEvent[] = [];
  const second = await opened((event) => events.push(event));
  expect(events).toMatchObject([
    { type: 'set-aside', path: expect.stringContaining(`${dir}.set-aside-`) },
  ]);
  expect(await second.capabilities.nextPositions?.([partition])).toEqual([]);
  await second.apply(messages);
  expect(await second.rowCounts(allMinutes)).toMatchObject([{ rows: 1 }]);
  await second.stop();
  const [{ path: aside }] = events as [SearchStoreEvent & { path: string }];
  expect(await readdir(aside)).toContain('search.duckdb');
});

test('damage met while it is open: not ready, says what to do, and heals at the next start', async () => {
  const records = new TestRecords();
  const many = () => Array.from({ length: 500 }, () => records.span({ name: randomUUID() }));
  const first = await opened();
  for (let i = 0; i < 10; i++) await first.apply([records.message(many())]);
  await first.stop();
  const path = join(dir, 'search.duckdb');
  const whole = await readFile(path);
  const events: SearchStoreEvent[] = [];
  const store = await opened((event) => events.push(event));
  // All but the three headers, which were read at the opening.
  await writeFile(path, whole.fill(0x5a, 3 * 4_096));
  await expect(store.apply([records.message(many())])).rejects.toThrow();
  expect(store.health().detail).toContain(`the search store in ${dir} is damaged (`);
  expect(store.health()).toMatchObject({ ok: false });
  await expect(store.apply([records.message(many())])).rejects.toThrow(/restart Spillway/);
  expect(events).toMatchObject([{ type: 'store-damaged' }]);
  await store.stop().catch(() => undefined);
  const next = await opened((event) => events.push(event));
  expect(events.at(-1)).toMatchObject({ type: 'set-aside' });
  expect(await next.capabilities.nextPositions?.([partition])).toEqual([]);
  await next.stop();
});

test('a folder of a newer version is refused and left alone', async () => {
  const store = await opened();
  await store.stop();
  const path = join(dir, 'search.duckdb');
  const before = await readFile(path);
  await writeFile(join(dir, 'search.version'), '999\n');
  await expect(opened()).rejects.toMatchObject({ code: 'unsupported' });
  expect(await readFile(path)).toEqual(before);
  expect(await readFile(join(dir, 'search.version'), 'utf8')).toBe('999\n');
});

test('a folder that another process has open is refused, not set aside', async () => {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'apply-until-killed.ts'), dir]);
  await once(child.stdout, 'data');
  const events: SearchStoreEvent[] = [];
  await expect(opened((event) => events.push(event))).rejects.toThrow(/lock/);
  expect(events).toEqual([]);
  child.kill('SIGKILL');
  await once(child, 'close');
});

test('a batch that fails leaves nothing behind and can be tried again', async () => {
  const store = await opened();
  const records = new TestRecords();
  const good = records.message([records.span(), records.point()]);
  const bad = { ...good, position: Number.NaN };
  await expect(store.apply([bad])).rejects.toThrow();
  expect(await store.rowCounts(allMinutes)).toEqual([]);
  expect(await store.apply([good])).toMatchObject([{ records: [{ status: 'stored' }, {}] }]);
  await store.stop();
});

test('a record that no row can be made of is a dead letter, its neighbours are stored', async () => {
  const store = await opened();
  const records = new TestRecords();
  const message = records.message([records.span({ traceId: 'no hex' }), records.span()]);
  const [outcome] = await store.apply([message]);
  expect(outcome?.records).toMatchObject([
    { status: 'deadLetter', code: 'unstorable' },
    { status: 'stored' },
  ]);
  expect(await store.appliedMessages(allMinutes)).toMatchObject([
    { records: 2, stored: 1, deadLettered: 1 },
  ]);
  await store.stop();
});
