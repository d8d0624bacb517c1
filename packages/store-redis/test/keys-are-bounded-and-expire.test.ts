import { type RedisServer, startRedis } from '@spillway/native';
import { TestRecords, testNowMs } from '@spillway/store/contract';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connect, keysOf, openStore, range, requests } from './support.ts';

const valueBytesMax = 10_240;
let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis({ config: ['--appendonly', 'no'] });
});
afterAll(() => redis.remove());

test('every key expires and no value is above 10 KB, whatever clients send', async () => {
  const { store, events } = await openStore(redis, 'bounded:');
  const records = new TestRecords({ tenant: 'a{b}:c\u0000 日本' });
  for (let n = 0; n < 12; n++) {
    const spans = Array.from({ length: 400 }, (_, i) => {
      const [operation, service] = [
        `${n}/${i} ${'日'.repeat(2_000)}`,
        `\n${i % 40}${'s'.repeat(500)}`,
      ];
      const span = records.span({
        name: operation,
        kind: 2 + (i % 2),
        resource: records.resource(service),
        parentSpanId: i % 8 === 0 ? 'a'.repeat(16) : records.spanId(i),
        traceId: i % 8 === 0 ? 'b'.repeat(32) : records.traceId(i),
      });
      const durationNano = BigInt(Math.floor(1.12 ** i));
      return { ...span, endTimeUnixNano: span.startTimeUnixNano + durationNano };
    });
    const logs = Array.from({ length: 40 }, () =>
      records.log({ body: { stringValue: '\u0001日'.repeat(20_000) } }),
    );
    await store.apply([records.message(spans), records.message(logs)]);
  }
  expect(events).toContainEqual({ type: 'series-overflowed', tenant: 'a{b}:c\u0000 日本' });
  const client = connect(redis);
  const keys = await keysOf(redis, 'bounded:');
  expect(keys.length).toBeGreaterThan(1_000);
  for (let at = 0; at < keys.length; at += 500) {
    const some = keys.slice(at, at + 500);
    const lifetimes = await Promise.all(some.map((key) => client.pttl(key)));
    const sizes = await Promise.all(some.map((key) => client.memory('USAGE', key, 'SAMPLES', 0)));
    expect(some.filter((_, i) => (lifetimes[i] ?? -1) <= 0)).toEqual([]);
    expect(some.filter((_, i) => (sizes[i] ?? 0) > valueBytesMax)).toEqual([]);
  }
  client.disconnect();
  await store.stop();
});

test('names without bound are counted as other, and known ones keep their place', async () => {
  let nowMs = testNowMs + 30_000;
  const limits = { seriesMax: 10 };
  const { store } = await openStore(redis, 'names:', { limits, clock: () => nowMs });
  const at = (ms: number, name: string, records: TestRecords) =>
    records.span({ name, startTimeUnixNano: BigInt(ms) * 1_000_000n });
  const records = new TestRecords();
  await store.apply([records.message([at(testNowMs, 'steady', records)])]);
  nowMs += 60_000;
  const flood = Array.from({ length: 100 }, (_, i) => at(testNowMs + 60_000, `/${i}`, records));
  flood.push(at(testNowMs + 60_000, 'steady', records));
  await store.apply([records.message(flood)]);
  const next = { ...range, fromMs: testNowMs + 60_000, toMs: testNowMs + 120_000 };
  const operations = await store.operations({ ...next, service: 'checkout' });
  const counts = new Map(
    operations.map(({ operation, ratePerSecond }) => [operation, Math.round(ratePerSecond * 60)]),
  );
  expect(counts.get('steady')).toBe(1);
  expect(counts.get('other (too many names)')).toBeGreaterThanOrEqual(90);
  expect([...counts.values()].reduce((a, b) => a + b)).toBe(101);
  await store.stop();
});

test('memory per record is that of packed arrays', async () => {
  const { store } = await openStore(redis, 'memory:');
  const client = connect(redis);
  const used = async () => Number(/used_memory:(\d+)/.exec(await client.info('memory'))?.[1]);
  const records = new TestRecords();
  const spans = () =>
    Array.from({ length: 1_000 }, () => records.span({ kind: 1, parentSpanId: 'c'.repeat(16) }));
  await store.apply([records.message(spans())]);
  const before = await used();
  for (let i = 0; i < 30; i++) await store.apply([records.message(spans())]);
  expect((await used()) - before).toBeLessThan(30_000 * 32);
  expect(await requests(store)).toBe(0);
  client.disconnect();
  await store.stop();
});

test('waiting spans are pushed out by newer ones', async () => {
  const limits = { pendingMax: 500 };
  const { store } = await openStore(redis, 'waiting:', { limits });
  const records = new TestRecords();
  for (let i = 0; i < 10; i++) {
    const orphans = Array.from({ length: 300 }, () => records.span({ kind: 3 }));
    await store.apply([records.message(orphans)]);
  }
  expect(store.stats().limits.waiting).toBeGreaterThan(2);
  const client = connect(redis);
  const shards = (await keysOf(redis, 'waiting:')).filter((key) => /:p:acme:/.test(key));
  const sizes = await Promise.all(shards.map((key) => client.hlen(key)));
  expect(sizes.reduce((a, b) => a + b, 0)).toBeLessThanOrEqual(2 * (500 + 300));
  client.disconnect();
  await store.stop();
});
