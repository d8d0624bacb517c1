import { type AddressInfo, createServer } from 'node:net';
import type { WriteStore } from '@spillway/store';
import { TestRecords } from '@spillway/store/contract';
import { TcpProxy } from '@spillway/test-support';
import pg from 'pg';
import { expect, onTestFinished, test, vi } from 'vitest';
import { everyMinute, newStore, sql, startStore, useServer } from './server.ts';

const server = useServer();
const soon = { timeout: 5_000, interval: 50 };
/** So long that nothing but the asker's own deadline ends a question in a test. */
const patient = { statementTimeoutMs: 60_000, lockTimeoutMs: 60_000 };

type Ask = (store: WriteStore, ending: AbortSignal) => Promise<unknown>;
const range = (ending: AbortSignal) => ({ ...everyMinute, ending });

/** What is asked, and the table that somebody holds meanwhile. The writer uses none of them. */
const questions: [what: string, table: string, ask: Ask][] = [
  ['rows', 'retired_count', (store, ending) => store.rowCounts(range(ending))],
  ['refused records', 'ledger_refused', (store, ending) => store.refusedCounts(range(ending))],
  ['noted messages', 'ledger_noted_message', (store, ending) => store.notedMessages(range(ending))],
  ['counts of notes', 'ledger_noted_message', (store, ending) => store.notedCounts(range(ending))],
  ['kept notes', 'ledger_note', (store, ending) => store.keptNotes({ ending })],
  ['spills', 'ledger_spill', (store, ending) => store.notedSpills({ ending })],
];

test.each(questions)(
  'a question of %s ends at its deadline, in the server as well, and the writer goes on',
  async (_, table, ask) => {
    const url = await server().createDatabase();
    const store = await startStore(url, patient);
    const records = new TestRecords();
    await store.apply([records.message([records.span()])]);
    const holder = await hold(url, table);
    const startedMs = performance.now();
    const late = new Error('too late');
    const asked = ask(store, after(400, late));
    await vi.waitFor(async () => expect(await waiting(url, table)).toBe(1), soon);
    await store.apply([records.message([records.span()])]);
    await expect(asked).rejects.toBe(late);
    expect(performance.now() - startedMs).toBeLessThan(3_000);
    expect(await waiting(url, table)).toBe(0);
    expect(store.health().ok).toBe(true);
    await holder.end();
    await ask(store, new AbortController().signal);
  },
);

test('applied messages and records that are read back end so, too', async () => {
  const url = await server().createDatabase();
  const store = await startStore(url, patient);
  const records = new TestRecords();
  await store.apply([records.message([records.span()])]);
  const holder = await hold(url, 'message_applied');
  const late = new Error('too late');
  const readBack = async (ending: AbortSignal) => {
    for await (const _ of store.readBack({ ...range(ending), signal: 'traces' }));
  };
  for (const ask of [
    (ending: AbortSignal) => store.appliedMessages(range(ending)),
    (ending: AbortSignal) => readBack(ending),
  ]) {
    await expect(ask(after(300, late))).rejects.toBe(late);
    expect(await waiting(url, 'message_applied')).toBe(0);
  }
  await holder.end();
  expect(await store.appliedMessages(everyMinute)).toHaveLength(1);
});

test('abandoned questions do not pile up, and take no connection from the writer', async () => {
  const url = await server().createDatabase();
  const store = await startStore(url, { ...patient, poolMax: 2, readPoolMax: 2 });
  const records = new TestRecords();
  const holder = await hold(url, 'retired_count');
  const late = new Error('too late');
  let most = 0;
  let applied = 0;
  const asked = (async () => {
    for (let n = 0; n < 20; n++) {
      const both = [1, 2].map(() => store.rowCounts(range(after(100, late))));
      const ends = await Promise.allSettled(both);
      expect(ends).toEqual(Array(2).fill({ status: 'rejected', reason: late }));
    }
  })();
  let isOver = false;
  void asked.finally(() => (isOver = true));
  while (!isOver) {
    await store.apply([records.message([records.span()])]);
    applied += 1;
    most = Math.max(most, Number((await sql(url, sessions))[0]?.count));
  }
  await asked;
  expect(applied).toBeGreaterThan(20);
  // The writer's, the readers', that of maintenance, and the one that ends what is asked no more.
  expect(most).toBeLessThanOrEqual(2 + 2 + 1 + 1);
  expect(await waiting(url, 'retired_count')).toBe(0);
  await holder.end();
  expect(await store.rowCounts(everyMinute)).not.toEqual([]);
});

test('a question that waits for a connection ends at its deadline', async () => {
  const url = await server().createDatabase();
  const store = await startStore(url, { ...patient, readPoolMax: 1, connectTimeoutMs: 30_000 });
  const holder = await hold(url, 'retired_count');
  const gone = new AbortController();
  const first = store.rowCounts(range(gone.signal));
  await vi.waitFor(async () => expect(await waiting(url, 'retired_count')).toBe(1), soon);
  const late = new Error('too late');
  await expect(store.keptNotes({ ending: after(200, late) })).rejects.toBe(late);
  gone.abort(late);
  await expect(first).rejects.toBe(late);
  expect(await store.keptNotes()).toEqual([]);
  await holder.end();
});

test('a question ends all the same where no connection is left to cancel it', async () => {
  const url = new URL(await server().createDatabase());
  await sql(
    url.href,
    `CREATE ROLE three LOGIN PASSWORD 'three' CONNECTION LIMIT 3;
    GRANT CREATE ON DATABASE ${url.pathname.slice(1)} TO three`,
  );
  const theirs = Object.assign(new URL(url), { username: 'three', password: 'three' });
  // The third is that of maintenance, which is idle.
  const store = await startStore(theirs.href, { ...patient, poolMax: 1, readPoolMax: 1 });
  const holder = await hold(url.href, 'retired_count');
  const late = new Error('too late');
  const asked = store.rowCounts(range(after(400, late)));
  await vi.waitFor(async () => expect(await waiting(url.href, 'retired_count')).toBe(1), soon);
  await expect(asked).rejects.toBe(late);
  // It went on after the cancel that did not come: its connection was given up.
  await vi.waitFor(async () => expect(await waiting(url.href, 'retired_count')).toBe(0), soon);
  await holder.end();
});

test('a question to a server that hangs ends soon after its deadline', async () => {
  const url = await server().createDatabase();
  const store = await startStore(url, patient);
  await store.rowCounts(everyMinute);
  server().server.pause();
  const startedMs = performance.now();
  const late = new Error('too late');
  await expect(store.rowCounts(range(after(300, late)))).rejects.toBe(late);
  expect(performance.now() - startedMs).toBeLessThan(5_000);
  server().server.resume();
  expect(await store.rowCounts(everyMinute)).toEqual([]);
});

test.each([
  { over: { lockTimeoutMs: 500 }, code: '55P03' },
  { over: { statementTimeoutMs: 500 }, code: '57014' },
])('a write that waits for a lock is given up with $code, and passes later', async (given) => {
  const url = await server().createDatabase();
  const store = await startStore(url, { ...patient, ...given.over });
  const records = new TestRecords();
  const batch = [records.message([records.span()])];
  const holder = await hold(url, 'span');
  await expect(store.apply(batch)).rejects.toMatchObject({ sqlState: given.code });
  expect(await waiting(url, 'span')).toBe(0);
  await holder.end();
  expect((await store.apply(batch))[0]?.records).toEqual([{ status: 'stored' }]);
});

test('a server that lets in and then says nothing is given up', async () => {
  const letIn = Buffer.from([...Buffer.from('R'), 0, 0, 0, 8, 0, 0, 0, 0]);
  const ready = Buffer.from([...Buffer.from('Z'), 0, 0, 0, 5, ...Buffer.from('I')]);
  const mute = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => socket.write(Buffer.concat([letIn, ready])));
  });
  await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void mute.close());
  const { port } = mute.address() as AddressInfo;
  const store = newStore(`postgresql://127.0.0.1:${port}/any`, { connectTimeoutMs: 500 });
  const startedMs = performance.now();
  await expect(store.start()).rejects.toMatchObject({ name: 'StoreUnavailableError' });
  expect(performance.now() - startedMs).toBeLessThan(5_000);
});

test('a stop ends what is read and retired, and does not wait for it', async () => {
  const url = await server().createDatabase();
  const store = await startStore(url, patient);
  const holder = await hold(url, 'retired_count');
  const ends = Promise.allSettled([store.rowCounts(everyMinute), store.retain(Date.now())]);
  await vi.waitFor(async () => expect(await waiting(url, 'retired_count')).toBe(2), soon);
  const startedMs = performance.now();
  await store.stop();
  expect(performance.now() - startedMs).toBeLessThan(3_000);
  const wanted = { status: 'rejected', reason: { name: 'StoreUnavailableError' } };
  expect(await ends).toMatchObject([wanted, wanted]);
  expect(await waiting(url, 'retired_count')).toBe(0);
  await holder.end();
});

test('what a process asked that is gone, the server ends by itself', async () => {
  const url = new URL(await server().createDatabase());
  const proxy = await TcpProxy.start(url.host);
  onTestFinished(() => proxy.remove());
  const through = Object.assign(new URL(url), { host: proxy.address });
  const store = await startStore(through.href, patient);
  const holder = await hold(url.href, 'retired_count');
  const asked = store.rowCounts(everyMinute);
  await vi.waitFor(async () => expect(await waiting(url.href, 'retired_count')).toBe(1), soon);
  proxy.cut();
  await expect(asked).rejects.toMatchObject({ name: 'StoreUnavailableError' });
  await vi.waitFor(async () => expect(await waiting(url.href, 'retired_count')).toBe(0), {
    ...soon,
    timeout: 15_000,
  });
  await holder.end();
});

const sessions = `SELECT count(*) FROM pg_stat_activity
  WHERE datname = current_database() AND application_name = 'spillway'`;

function after(ms: number, reason: Error): AbortSignal {
  const controller = new AbortController();
  setTimeout(() => controller.abort(reason), ms);
  return controller.signal;
}

/** Of an operator: nobody else reads or writes the table until it ends. */
async function hold(url: string, table: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  onTestFinished(() => client.end().catch(() => undefined));
  await client.query(`BEGIN; LOCK TABLE spillway.${table} IN ACCESS EXCLUSIVE MODE`);
  return client;
}

/** Statements of the store that are under way and name the table. */
async function waiting(url: string, table: string): Promise<number> {
  const rows = await sql(
    url,
    `SELECT count(*)::int FROM pg_stat_activity WHERE datname = current_database()
       AND application_name = 'spillway' AND state <> 'idle' AND query LIKE '%${table}%'`,
  );
  return Number(rows[0]?.count);
}
