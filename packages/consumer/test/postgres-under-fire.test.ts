import { DeadLetters } from '@spillway/dead-letters';
import { minuteOf } from '@spillway/ledger';
import { type PostgresServer, startPostgres } from '@spillway/native';
import type { WriteStore } from '@spillway/store';
import { createPostgresServerStore, postgresSection } from '@spillway/store-postgres';
import { TcpProxy } from '@spillway/test-support';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { Fire } from './support/fire.ts';
import { publishLogs } from './support/harness.ts';

const everyMinute = { fromMinute: 0, toMinute: 2_000_000_000 };
let server: PostgresServer;
let proxy: TcpProxy;
let url: string;
let store: WriteStore;

beforeAll(async () => {
  server = await startPostgres();
  proxy = await TcpProxy.start(server.server.address);
});
afterAll(async () => {
  await proxy.remove();
  await server.remove();
});

beforeEach(async () => {
  url = await server.createDatabase();
  const through = new URL(url);
  through.host = proxy.address;
  // Hasty, so that what hangs is given up soon.
  const hasty = { connectTimeoutMs: 1_000, statementTimeoutMs: 500, lockTimeoutMs: 400 };
  const section = postgresSection.parse({ url: through.href, ...hasty });
  store = createPostgresServerStore({ ...section, retentionMs: 7 * 86_400_000 });
  await store.start();
});

async function startFire(): Promise<Fire> {
  const fire = await Fire.start(store);
  onTestFinished(async () => {
    await fire.end();
    await store.stop();
  });
  return fire;
}

test('nothing is lost or doubled through every way to lose a server amid batches', async () => {
  const fire = await startFire();
  const heal = () => proxy.heal();
  const { server: process } = server;
  await fire.suffer({ name: 'cut', begin: () => proxy.cut(), end: heal }, true);
  await fire.suffer({ name: 'black hole', begin: () => proxy.blackHole(), end: heal });
  // COMMITs arrive, and nobody hears that they did.
  await fire.suffer({ name: 'answers lost', begin: () => proxy.halfOpen('answers'), end: heal });
  // COMMITs arrive after they were given up and tried again.
  await fire.suffer({ name: 'late requests', begin: () => proxy.hold(), end: heal });
  await fire.suffer({ name: 'slow bytes', begin: () => proxy.slow(300), end: heal });
  // Longer than a statement may take.
  const frozen = { begin: () => process.pause(), end: () => process.resume() };
  await fire.suffer({ name: 'frozen', ...frozen }, true);
  await fire.suffer({ name: 'killed', begin: () => process.kill(), end: () => process.start() });
  await fire.drain();
  await expectAllOnce(fire);
  await fire.expectCalm();
}, 120_000);

test('what is full, locked or forbidden is waited for, and is nobody’s dead letter', async () => {
  const fire = await startFire();
  for (const code of ['53100', '53200', '57014', '55P03', '42501', 'XX001']) {
    const begin = () => sql(raising(code));
    await fire.suffer({ name: code, begin, end: () => sql(dropTrigger) });
  }
  await fire.drain();
  await expectAllOnce(fire);
  await fire.expectCalm();
});

test('an error nobody foresaw costs the poison alone; at every record it is the server', async () => {
  const fire = await startFire();
  await sql(raising('P0001', "NEW.body::text LIKE '%poison%'"));
  for (const body of ['poison 1', 'poison 2'])
    await publishLogs(fire.broker, [body, `${body}, not`]);
  await publishLogs(fire.broker, ['poison 3', 'good']);
  const deadLetters = new DeadLetters(fire.broker);
  await vi.waitFor(
    async () => expect(await Array.fromAsync(deadLetters.list())).toHaveLength(3),
    20_000,
  );
  const ids = (await Array.fromAsync(deadLetters.list())).map(({ id }) => id);
  const refused = await Array.fromAsync(deadLetters.list());
  expect(refused.map(({ records, code }) => [records, code])).toEqual([
    [2, 'rejected-by-store'],
    [2, 'rejected-by-store'],
    [1, 'rejected-by-store'],
  ]);
  await sql(dropTrigger);
  const begin = () => sql(raising('P0001'));
  await fire.suffer({ name: 'at everything', begin, end: () => sql(dropTrigger) }, true);
  expect(await Array.fromAsync(deadLetters.list())).toHaveLength(3);
  // Back in: once, at their own minute.
  const { signal } = new AbortController();
  await Array.fromAsync(deadLetters.resubmit(ids, { ratePerSecond: 100, abort: signal }));
  await fire.drain();
  const bodies = await storedBodies();
  expect(bodies.filter((body) => body.startsWith('poison')).sort()).toEqual(
    ['poison 1', 'poison 1, not', 'poison 2', 'poison 2, not', 'poison 3'].sort(),
  );
  expect(bodies.filter((body) => body === 'good')).toHaveLength(1);
  const again = (await store.appliedMessages(everyMinute)).filter((each) => {
    return each.id.gateway === 'resubmit';
  });
  expect(again.map(({ minute, stored }) => [minute, stored])).toEqual(
    refused.map(({ receivedMs, records }) => [minuteOf(receivedMs), records]),
  );
});

async function storedBodies(): Promise<string[]> {
  const bodies: string[] = [];
  for await (const { records } of store.readBack({ ...everyMinute, signal: 'logs' })) {
    for (const record of records) {
      if (record.signal === 'logs') bodies.push(record.body?.stringValue ?? '');
    }
  }
  return bodies;
}

async function expectAllOnce({ sent }: Fire): Promise<void> {
  expect((await storedBodies()).sort()).toEqual([...sent].sort());
  const applied = await store.appliedMessages(everyMinute);
  const stored = applied.reduce((sum, each) => sum + each.stored, 0);
  expect([applied.length, stored]).toEqual([sent.length / 2, sent.length]);
  // Numbered by the transaction in which they came: the order of hand-over in a partition.
  const rows = await sql('SELECT partition, position FROM message_applied ORDER BY id');
  for (const own of Map.groupBy(rows, (row) => row.partition).values()) {
    const positions = own.map(({ position }) => Number(position));
    expect(positions).toEqual(positions.toSorted((a, b) => a - b));
  }
}

const dropTrigger = 'DROP TRIGGER trouble ON log_record; DROP FUNCTION fail';

/** From now on the server answers rows of logs with this error. */
function raising(code: string, when = 'true'): string {
  return `
    CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        IF ${when} THEN RAISE EXCEPTION 'trouble' USING ERRCODE = '${code}'; END IF;
        RETURN NEW;
      END $$;
    CREATE TRIGGER trouble BEFORE INSERT ON log_record FOR EACH ROW EXECUTE FUNCTION fail()`;
}

/** By an operator, past the proxy. */
async function sql(text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query('SET search_path = spillway');
    return (await client.query(text)).rows ?? [];
  } finally {
    await client.end();
  }
}
