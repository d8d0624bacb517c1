import type { DecodedMessage, WriteStore } from '@spillway/store';
import { TestRecords, testNowMs } from '@spillway/store/contract';
import pg from 'pg';
import { expect, test, vi } from 'vitest';
import { SchemaTooNewError, ServerUnsuitableError } from '../src/index.ts';
import { everyMinute, sql, startStore, useServer } from './server.ts';

const server = useServer();
const dayMs = 86_400_000;
const patient = { timeout: 30_000, interval: 50 };

test('four stores start at once on an empty database', async () => {
  const url = await server().createDatabase();
  const stores = await Promise.all(Array.from({ length: 4 }, () => startStore(url)));
  const messages = stores.map((_, i) => {
    const records = new TestRecords({
      gateway: `gw-${i}`,
      tenant: `tenant-${i}`,
      nowMs: Date.now(),
    });
    return records.message([records.span()]);
  });
  await Promise.all(stores.map((store, i) => store.apply([messages[i] as DecodedMessage])));
  expect(await stores[0]?.appliedMessages(everyMinute)).toHaveLength(4);
  expect(await sql(url, 'SELECT version FROM schema_version')).toEqual([
    { version: 1 },
    { version: 2 },
  ]);
  expect(stores.flatMap(({ events }) => events)).toEqual([]);
});

test('a database of a newer version is refused and not touched', async () => {
  const url = await server().createDatabase();
  await (await startStore(url)).stop();
  await sql(url, 'INSERT INTO schema_version (version) VALUES (99); DROP TABLE ledger_note');
  await expect(startStore(url)).rejects.toThrow(SchemaTooNewError);
  expect(await sql(url, `SELECT to_regclass('ledger_note') AS it`)).toEqual([{ it: null }]);
});

test('a database that cannot hold every text is refused', async () => {
  const url = await server().createDatabase();
  await sql(url, `CREATE DATABASE narrow ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0`);
  const narrow = new URL('/narrow', url).href;
  await expect(startStore(narrow)).rejects.toThrow(ServerUnsuitableError);
});

test('a server that may lose what it committed is named at the start', async () => {
  const url = await server().createDatabase();
  await sql(url, `ALTER DATABASE ${new URL(url).pathname.slice(1)} SET synchronous_commit = off`);
  const store = await startStore(url);
  const setting = 'synchronous_commit';
  expect(await store.capabilities.inspect?.()).toEqual([
    { name: 'fsync', key: `${setting} (PostgreSQL)`, wanted: 'on', got: 'off' },
  ]);
  expect(store.health()).toMatchObject({ ok: true, detail: expect.stringContaining(setting) });
});

test('three stores that apply the same messages and records at once', async () => {
  const url = await server().createDatabase();
  const stores = await Promise.all(Array.from({ length: 3 }, () => startStore(url)));
  const { messages, keys } = overlapping();
  const random = seeded(7);
  await Promise.all(
    stores.map(async (store) => {
      // Each in an order of its own, in batches of its own.
      const left = shuffled([...messages, ...messages], random);
      while (left.length > 0) await store.apply(left.splice(0, 1 + Math.floor(random() * 12)));
    }),
  );
  const store = stores[0] as WriteStore;
  const applied = await store.appliedMessages(everyMinute);
  expect(applied).toHaveLength(messages.length);
  const sum = (of: 'stored' | 'duplicates' | 'records') =>
    applied.reduce((total, message) => total + message[of], 0);
  expect(sum('stored')).toBe(keys.size);
  expect(sum('duplicates')).toBe(sum('records') - keys.size);
  expect(await backKeys(store)).toEqual([...keys].sort());
  const [children] = await sql(
    url,
    'SELECT (SELECT count(*)::int FROM span_event) AS events, (SELECT count(*)::int FROM span_link) AS links',
  );
  expect(children).toEqual({ events: keys.size, links: keys.size });
});

test('writers that meet in opposite orders never wait for each other in a circle', async () => {
  const url = await server().createDatabase();
  const stores = await Promise.all(Array.from({ length: 2 }, () => startStore(url)));
  const apply = (...batches: DecodedMessage[][]) =>
    Promise.all(batches.map((batch, i) => (stores[i] as WriteStore).apply(batch)));
  const maker = new TestRecords();
  // More than one statement takes, so that the two surely meet in the middle.
  const logs = Array.from({ length: 5_000 }, () => maker.log());
  const [first, second] = [maker.message(logs), maker.message(logs)];
  second.records.reverse();
  // Makes the partition, for which the others would wait in turn.
  await apply([maker.message([maker.log()])], []);
  await apply([first], [second]);
  for (let round = 0; round < 3; round++) {
    const same = logs.slice(0, 1_500).map((log) => maker.message([log]));
    // A broker without a log numbers its messages anew at a redelivery.
    const again = same.toReversed().map((message, position) => ({ ...message, position }));
    await apply(same, again);
  }
  const [count] = await (stores[0] as WriteStore).rowCounts(everyMinute);
  expect(count?.rows).toBe(logs.length + 1);
  await Promise.all(stores.map((one) => one.stop()));
  expect(await sql(url, deadlocksSql)).toEqual([{ deadlocks: 0 }]);
});

test('a mark waits for the applies under way, whose ids may be lower than those of others', async () => {
  const url = await server().createDatabase();
  const store = await startStore(url);
  const records = new TestRecords();
  await store.apply([records.message([records.span()])]);
  const start = await store.appliedMark();
  const holder = new pg.Client({ connectionString: url });
  await holder.connect();
  await holder.query('BEGIN; LOCK TABLE spillway.log_record IN EXCLUSIVE MODE');
  const slow = store.apply([records.message([records.log()])]);
  await vi.waitFor(
    async () => expect(await sql(url, waitingSql('relation'))).toHaveLength(1),
    patient,
  );
  await store.apply([records.message([records.span()])]);
  const marking = store.appliedMark();
  await vi.waitFor(
    async () => expect(await sql(url, waitingSql('advisory'))).toHaveLength(1),
    patient,
  );
  await holder.query('ROLLBACK');
  await holder.end();
  const mark = await marking;
  await slow;
  for (const signal of ['logs', 'traces'] as const) {
    const back = store.readBack({ ...everyMinute, signal, after: start, upTo: mark });
    let messages = 0;
    for await (const { records: of } of back) messages += of.length;
    expect(messages).toBe(1);
  }
});

test('retention while others write to the days it drops', async () => {
  const url = await server().createDatabase();
  const stores = await Promise.all(Array.from({ length: 3 }, () => startStore(url)));
  let applied = 0;
  let dropped = 0;
  const writing = stores.map(async (store, i) => {
    for (let batch = 0; batch < 12; batch++) {
      const records = new TestRecords({ gateway: `gw-${i}-${batch}`, nowMs: testNowMs + i });
      const spans = Array.from({ length: 30 }, (_, n) => {
        const time = BigInt(testNowMs - (n % 4) * dayMs) * 1_000_000n + BigInt(i * 1000 + batch);
        return records.span({ startTimeUnixNano: time });
      });
      await store.apply([records.message(spans)]);
      applied += spans.length;
    }
  });
  let written = false;
  const dropping = stores.slice(0, 2).map(async (store) => {
    while (!written) {
      const of = await store.retain(testNowMs - dayMs);
      dropped += of;
    }
  });
  await Promise.all(writing);
  written = true;
  await Promise.all(dropping);
  const counts = await (stores[2] as WriteStore).rowCounts(everyMinute);
  const sum = (of: 'rows' | 'retired') => counts.reduce((total, count) => total + count[of], 0);
  expect(sum('rows') + sum('retired')).toBe(applied);
  expect(sum('retired')).toBe(dropped);
  expect(dropped).toBeGreaterThan(0);
});

const deadlocksSql =
  'SELECT deadlocks::int FROM pg_stat_database WHERE datname = current_database()';

const waitingSql = (lock: string) =>
  `SELECT 1 FROM pg_locks WHERE locktype = '${lock}' AND NOT granted`;

/** Messages of which some carry the same records, as when clients send again. */
function overlapping(): { messages: DecodedMessage[]; keys: Set<string> } {
  const makers = Array.from({ length: 4 }, (_, i) => new TestRecords({ gateway: `gw-${i}` }));
  const spans = Array.from({ length: 400 }, () => (makers[0] as TestRecords).span());
  const random = seeded(3);
  const messages = Array.from({ length: 60 }, (_, i) =>
    (makers[i % makers.length] as TestRecords).message(
      Array.from({ length: 20 }, () => spans[Math.floor(random() * spans.length)] as never),
    ),
  );
  return {
    messages,
    keys: new Set(messages.flatMap(({ records }) => records.map(({ key }) => key))),
  };
}

async function backKeys(store: WriteStore): Promise<string[]> {
  const keys: string[] = [];
  for await (const message of store.readBack({ ...everyMinute, signal: 'traces' })) {
    keys.push(...message.records.map(({ key }) => key));
  }
  return keys.sort();
}

function shuffled<T>(items: readonly T[], random: () => number): T[] {
  return items
    .map((item) => [random(), item] as const)
    .sort(([a], [b]) => a - b)
    .map(([, item]) => item);
}

/** Deterministic, in [0, 1) (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
