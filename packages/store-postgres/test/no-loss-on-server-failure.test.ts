import type { WriteStore } from '@spillway/store';
import { TestRecords } from '@spillway/store/contract';
import { expect, test, vi } from 'vitest';
import { DatabaseError, StoreUnavailableError } from '../src/index.ts';
import { everyMinute, sql, startStore, useServer } from './server.ts';

const server = useServer();
const patient = { timeout: 30_000, interval: 50 };
/** So that what hangs is given up soon. */
const hasty = { connectTimeoutMs: 2_000, statementTimeoutMs: 2_000 };

interface Outage {
  name: string;
  begin(): Promise<void> | void;
  end(): Promise<void> | void;
}

const outages: Outage[] = [
  {
    name: 'is killed and started again',
    begin: () => server().server.kill(),
    end: () => server().server.start(),
  },
  {
    name: 'is stopped and started again',
    begin: () => server().server.stop(),
    end: () => server().server.start(),
  },
  {
    name: 'hangs and goes on',
    begin: () => server().server.pause(),
    end: () => server().server.resume(),
  },
];

test.each(outages)('nothing is lost when a server $name amid batches', async ({ begin, end }) => {
  const url = await server().createDatabase();
  const stores = await Promise.all([startStore(url, hasty), startStore(url, hasty)]);
  const progress = { applied: 0, failures: 0, stop: false };
  const writers = stores.map((store, i) => applyUntilStopped(store, `gw-${i}`, progress));
  await vi.waitFor(() => expect(progress.applied).toBeGreaterThan(20), patient);
  await begin();
  await vi.waitFor(() => expect(stores[0]?.health().ok).toBe(false), patient);
  await end();
  const before = progress.applied;
  await vi.waitFor(() => expect(progress.applied).toBeGreaterThan(before + 20), patient);
  progress.stop = true;
  const sent = (await Promise.all(writers)).flat();
  expect(progress.failures).toBeGreaterThan(0);
  const store = stores[0] as (typeof stores)[0];
  expect(store.health().ok).toBe(true);
  expect(store.events.map(({ type }) => type)).toEqual(
    expect.arrayContaining(['store-unavailable', 'store-available']),
  );
  const applied = await store.appliedMessages(everyMinute);
  expect(applied).toHaveLength(sent.length);
  expect(await keysOf(store)).toEqual(
    sent.flatMap(({ records }) => records.map((r) => r.key)).sort(),
  );
  for (const message of applied) expect(message).toMatchObject({ stored: 20, deadLettered: 0 });
});

test.each([
  { name: 'a full disk', code: '53100', all: true },
  { name: 'memory that is used up', code: '53200', all: true },
  { name: 'a broken disk', code: '58030', all: true },
  { name: 'a statement that takes too long', code: '57014', all: false },
  { name: 'a lock that is not given', code: '55P03', all: false },
])('$name is no dead letter: the batch is thrown back whole', async ({ code, all }) => {
  const url = await server().createDatabase();
  const store = await startStore(url);
  await sql(url, raising(code));
  const records = new TestRecords();
  const batch = [
    records.message([records.span(), records.span()]),
    records.message([records.log()]),
  ];
  const refused = store.apply(batch);
  await expect(refused).rejects.toThrow(DatabaseError);
  await expect(refused).rejects.toMatchObject({ sqlState: code });
  expect(store.health().ok).toBe(!all);
  expect(await store.appliedMessages(everyMinute)).toEqual([]);
  await sql(url, 'DROP TRIGGER trouble ON log_record');
  const outcomes = await store.apply(batch);
  expect(outcomes.flatMap((of) => of.records)).toEqual(Array(3).fill({ status: 'stored' }));
  expect(store.health().ok).toBe(true);
});

test.each(['40P01', '40001'])('a transaction that %s ends is begun again', async (code) => {
  const url = await server().createDatabase();
  const store = await startStore(url);
  await sql(url, `CREATE SEQUENCE tries; ${raising(code, `nextval('tries') < 3`)}`);
  const records = new TestRecords();
  const [outcome] = await store.apply([records.message([records.log()])]);
  expect(outcome?.records).toEqual([{ status: 'stored' }]);
  expect(await sql(url, 'SELECT last_value::int FROM tries')).toEqual([{ last_value: 3 }]);
});

test('a database that takes no writes is said, and is no dead letter', async () => {
  const url = await server().createDatabase();
  const name = new URL(url).pathname.slice(1);
  const store = await startStore(url);
  await sql(url, `ALTER DATABASE ${name} SET default_transaction_read_only = on`);
  await endSessions(url);
  const records = new TestRecords();
  const batch = [records.message([records.span()])];
  const readOnly = expect.objectContaining({ sqlState: '25006' });
  await vi.waitFor(() => expect(store.apply(batch)).rejects.toEqual(readOnly), patient);
  expect(store.health()).toMatchObject({ ok: false, detail: expect.stringContaining('read-only') });
  await sql(url, `ALTER DATABASE ${name} RESET default_transaction_read_only`);
  await endSessions(url);
  await vi.waitFor(() => store.apply(batch), patient);
  expect(store.health().ok).toBe(true);
  expect(await store.appliedMessages(everyMinute)).toHaveLength(1);
});

test('a server without a free connection is waited for', async () => {
  const url = new URL(await server().createDatabase());
  const name = url.pathname.slice(1);
  await sql(
    url.href,
    `CREATE ROLE few LOGIN PASSWORD 'few' CONNECTION LIMIT 4;
    GRANT CREATE ON DATABASE ${name} TO few`,
  );
  Object.assign(url, { username: 'few', password: 'few' });
  const store = await startStore(url.href, { poolMax: 1, readPoolMax: 1 });
  await store.stop();
  const others = await Promise.all([1, 2].map(() => startStore(url.href, { poolMax: 1 })));
  await expect(store.start()).rejects.toThrow(StoreUnavailableError);
  await Promise.all(others.map((other) => other.stop()));
  await store.start();
  expect(store.health().ok).toBe(true);
});

test('readers that wait for ever take no connection from the writer', async () => {
  const url = await server().createDatabase();
  const store = await startStore(url, { ...hasty, readPoolMax: 1, statementTimeoutMs: 5_000 });
  const records = new TestRecords();
  await store.apply([records.message([records.span()])]);
  const reads = Array.from({ length: 80 }, () =>
    store.rowCounts(everyMinute).then(
      () => 'read',
      (error) => error.name,
    ),
  );
  const outcomes = await store.apply([records.message([records.span()])]);
  expect(outcomes).toHaveLength(1);
  const ends = await Promise.all(reads);
  // Those beyond the bound of the queue are refused at once.
  expect(ends.filter((end) => end === StoreUnavailableError.name).length).toBeGreaterThan(0);
  expect(ends).toContain('read');
  expect(store.health().ok).toBe(true);
});

interface Progress {
  applied: number;
  failures: number;
  stop: boolean;
}

/** As the consumer does: a batch is tried until it is applied. */
async function applyUntilStopped(store: WriteStore, gateway: string, progress: Progress) {
  const records = new TestRecords({ gateway, tenant: gateway });
  const sent = [];
  while (!progress.stop) {
    const spans = () => Array.from({ length: 20 }, () => records.span());
    const batch = [records.message(spans()), records.message(spans())];
    sent.push(...batch);
    for (let done = false; !done; ) {
      try {
        const outcomes = await store.apply(batch);
        for (const of of outcomes) for (const one of of.records) expect(one.status).toBe('stored');
        done = true;
      } catch {
        progress.failures += 1;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
    progress.applied += 1;
  }
  return sent;
}

async function keysOf(store: WriteStore): Promise<string[]> {
  const keys: string[] = [];
  for await (const message of store.readBack({ ...everyMinute, signal: 'traces' })) {
    keys.push(...message.records.map(({ key }) => key));
  }
  return keys.sort();
}

/** From now on the server answers rows of logs with this error, as long as the condition holds. */
function raising(code: string, when = 'true'): string {
  return `
    CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        IF ${when} THEN RAISE EXCEPTION 'trouble' USING ERRCODE = '${code}'; END IF;
        RETURN NEW;
      END $$;
    CREATE TRIGGER trouble BEFORE INSERT ON log_record FOR EACH ROW EXECUTE FUNCTION fail()`;
}

async function endSessions(url: string): Promise<void> {
  await sql(
    url,
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE datname = current_database() AND pid <> pg_backend_pid()`,
  );
}
