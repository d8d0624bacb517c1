import { foreignGateway } from '@spillway/broker';
import { type RedisServer, startRedis } from '@spillway/native';
import type { SpanRecord } from '@spillway/otlp';
import { TestRecords, testNowMs } from '@spillway/store/contract';
import { until } from '@spillway/test-support/until';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { clock, connect, keysOf, type Opened, openStore, spanMessages } from './support.ts';

const mebibyte = 1_048_576;
let redis: RedisServer;
let operator: Redis;
beforeAll(async () => {
  redis = await startRedis({ config: ['--appendonly', 'no'] });
  operator = connect(redis);
});
afterAll(async () => {
  operator.disconnect();
  await redis.remove();
});

const bytesOf = ({ store }: Opened) => store.stats().memoryBytes ?? 0;

function named(records: TestRecords, count: number, over: Partial<SpanRecord> = {}) {
  const spans = Array.from({ length: count }, (_, i) =>
    records.span({ name: `${i} ${'x'.repeat(200)}`, ...over }),
  );
  return records.message(spans);
}

test('what leaves the window counts no longer, of silent tenants as well', async () => {
  let nowMs = clock();
  const opened = await openStore(redis, 'silent:', { clock: () => nowMs });
  for (let n = 0; n < 20; n++) {
    const records = new TestRecords({ tenant: `tenant ${n}`, partition: n });
    await opened.store.apply([named(records, 300), records.message([records.log()])]);
  }
  expect(bytesOf(opened)).toBeGreaterThan(2 * mebibyte);
  nowMs += 2 * opened.store.windowMs;
  const later = new TestRecords({ tenant: 'later', nowMs, partition: 20 });
  for (let n = 0; n < 20; n++) await opened.store.apply([later.message([later.span()])]);
  expect(bytesOf(opened)).toBeLessThan(20_000);
  await opened.store.stop();
});

test('processes count together, and a finished rebuild leaves nothing of the generation before', async () => {
  let nowMs = clock();
  const over = { clock: () => nowMs };
  const [here, there] = [
    await openStore(redis, 'rebuilt:', over),
    await openStore(redis, 'rebuilt:', over),
  ];
  const records = new TestRecords();
  await here.store.apply([named(records, 400)]);
  await there.store.apply([records.message([records.span()])]);
  const before = bytesOf(there);
  expect(before).toBeGreaterThan(bytesOf(here));
  const rebuild = await there.store.capabilities.beginRebuild?.();
  await rebuild?.apply([named(new TestRecords(), 400)]);
  await here.store.apply([records.message([records.span()])]);
  expect(bytesOf(here)).toBeGreaterThan(1.5 * before);
  await rebuild?.finish();
  nowMs += 61_000;
  await here.store.apply([records.message([records.span()])]);
  expect(Math.abs(bytesOf(here) - before) / before).toBeLessThan(0.2);
  await here.store.reset();
  await here.store.apply([records.message([records.span({ kind: 1, parentSpanId: 'f' })])]);
  expect(bytesOf(here)).toBeLessThan(20_000);
  await Promise.all([here.store.stop(), there.store.stop()]);
});

test('a tenant that lost some of its window is told once, and so is one that has no room', async () => {
  const limits = { bytesMax: mebibyte };
  const opened = await openStore(redis, 'told:', { limits });
  for (let n = 0; n < 300; n++) {
    const records = new TestRecords({ tenant: `tenant/${n}`, partition: n });
    const times = [0, 60_000, 120_000].map((ms) => BigInt(testNowMs - ms) * 1_000_000n);
    const spans = times.map((startTimeUnixNano) => records.span({ startTimeUnixNano }));
    await opened.store.apply([records.message(spans), ...(n < 3 ? [named(records, 900)] : [])]);
  }
  const told = (type: string) =>
    opened.events.flatMap((event) =>
      event.type === type && 'tenant' in event ? event.tenant : [],
    );
  expect(told('window-cut')).toContain('tenant/0');
  expect(new Set(told('window-cut')).size).toBe(told('window-cut').length);
  expect(told('tenants-overflowed')).toHaveLength(opened.store.stats().limits.tenants);
  expect(opened.store.stats().limits.tenants).toBeGreaterThan(100);
  expect(opened.store.stats().limits.window).toBeGreaterThan(0);
  expect(bytesOf(opened)).toBeLessThanOrEqual(mebibyte);
  await opened.store.stop();
});

test('ids that were chosen to meet in one place make no large value there', async () => {
  const pairs = meeting(600);
  const { store } = await openStore(redis, 'chosen:');
  const records = new TestRecords();
  for (let n = 0; n < 4; n++) {
    const message = records.message(
      pairs.slice(n * 150, n * 150 + 150).map((spanId) => {
        return records.span({ kind: 3, traceId: 'a'.repeat(32), spanId, name: `${spanId}${n}` });
      }),
    );
    for (const record of message.records) record.key = `${record.key.slice(0, 24)}00000000`;
    await store.apply([message]);
  }
  const keys = await keysOf(redis, 'chosen:');
  const sizes = await Promise.all(keys.map((key) => operator.memory('USAGE', key, 'SAMPLES', 0)));
  expect(Math.max(...sizes.map(Number))).toBeLessThan(40_000);
  const lifetimes = await Promise.all(keys.map((key) => operator.pttl(key)));
  expect(keys.filter((_, i) => (lifetimes[i] ?? -1) <= 0)).toEqual([]);
  const { waiting, parents } = store.stats().limits;
  expect(waiting + parents).toBeGreaterThan(0);
  await store.stop();
});

test('messages of another program leave a bounded number of marks, and are applied once', async () => {
  const limits = { bytesMax: mebibyte };
  const { store, events } = await openStore(redis, 'foreign:', { limits, positions: 'sequences' });
  const records = new TestRecords();
  const messages = spanMessages(records, 1_500, 1);
  for (const [n, { envelope }] of messages.entries()) {
    // As a broker without a log numbers them: by their content.
    Object.assign(envelope.id, {
      gateway: foreignGateway,
      epoch: 0,
      sequence: 2 ** 40 + 7_919 * n,
    });
  }
  for (let at = 0; at < messages.length; at += 100) await store.apply(messages.slice(at, at + 100));
  for (let at = 0; at < messages.length; at += 100) await store.apply(messages.slice(at, at + 100));
  const services = await store.services({
    tenant: 'acme',
    fromMs: testNowMs,
    toMs: testNowMs + 60_000,
  });
  expect(services.flatMap(({ sparkline }) => sparkline).reduce((a, b) => a + b, 0)).toBe(1_500);
  const marks = (await keysOf(redis, 'foreign:')).filter((key) => key.includes(':m:'));
  expect(marks.length).toBeGreaterThan(100);
  expect(marks.length).toBeLessThan(400);
  expect(events).toEqual(events.filter(({ type }) => type === 'redis-up'));
  await store.stop();
});

test('a Redis whose own limit is below ours is told', async () => {
  await operator.config('SET', 'maxmemory', '100mb');
  const opened = await openStore(redis, 'small:');
  const wanted = { type: 'redis-too-small', maxmemoryBytes: 100 * mebibyte };
  await until(() => opened.events.some(({ type }) => type === wanted.type));
  expect(opened.events).toContainEqual({ ...wanted, bytesMax: 256 * mebibyte });
  await operator.config('SET', 'maxmemory', '0');
  await opened.store.stop();
});

/** Span ids that the store puts into one shard, as long as it hashes them by FNV-1a. */
function meeting(count: number): string[] {
  const found: string[] = [];
  for (let n = 0; found.length < count; n++) {
    const spanId = n.toString(16).padStart(16, '0');
    let hash = 0x811c9dc5;
    for (const char of 'a'.repeat(16) + spanId) {
      hash = Math.imul(hash ^ char.charCodeAt(0), 0x01000193);
    }
    if ((hash >>> 0) % 1024 === 7) found.push(spanId);
  }
  return found;
}
