import type { DecodedMessage, WriteStore } from '@spillway/store';
import { TestRecords, testNowMs } from '@spillway/store/contract';
import { expect, test } from 'vitest';
import { SchemaTooNewError, ServerUnsuitableError } from '../src/index.ts';
import { everyMinute, sql, startStore, useServer } from './server.ts';

const server = useServer();
const dayMs = 86_400_000;

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
  expect(await sql(url, 'SELECT version FROM schema_version')).toEqual([{ version: 1 }]);
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
  const setting = 'synchronous_commit=off';
  expect(store.events).toEqual([{ type: 'store-unsafe', settings: [setting] }]);
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
  await Promise.all(stores.map((one) => one.stop()));
  const [deadlocks] = await sql(
    url,
    'SELECT deadlocks::int FROM pg_stat_database WHERE datname = current_database()',
  );
  expect(deadlocks).toEqual({ deadlocks: 0 });
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
