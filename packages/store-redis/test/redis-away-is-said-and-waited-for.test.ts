import { type RedisServer, startRedis } from '@spillway/native';
import { TestRecords } from '@spillway/store/contract';
import { until } from '@spillway/test-support/until';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { connect, openStore, range, requests, spanMessages } from './support.ts';

let redis: RedisServer;
beforeEach(async () => {
  redis = await startRedis();
});
afterEach(() => redis.remove());

const unavailable = { name: 'StoreError', code: 'unavailable' };

test('while Redis is down everything is refused at once; then it goes on by itself', async () => {
  const { store, events } = await openStore(redis, 'away:');
  const messages = spanMessages(new TestRecords(), 4);
  await store.apply(messages.slice(0, 2));
  await redis.server.stop();
  await until(() => !store.health().ok);
  await expect(store.apply(messages)).rejects.toMatchObject(unavailable);
  await expect(store.services(range)).rejects.toMatchObject(unavailable);
  await expect(store.tail({ ...range, signal: 'logs', limit: 1 })).rejects.toMatchObject(
    unavailable,
  );
  expect(events.map(({ type }) => type)).toContain('redis-down');
  await redis.server.start();
  await until(() => store.health().ok);
  await store.apply(messages);
  expect(await requests(store)).toBe(40);
  await store.stop();
});

test('a Redis that is away at the start is waited for', async () => {
  await redis.server.stop();
  const { store } = await openStore(redis, 'late:');
  expect(store.health().ok).toBe(false);
  await redis.server.start();
  await until(() => store.health().ok);
  await store.apply(spanMessages(new TestRecords(), 1));
  expect(await requests(store)).toBe(10);
  await store.stop();
});

test('a Redis that hangs fails the call in a bounded time, and nothing counts twice', async () => {
  const { store } = await openStore(redis, 'hangs:', { commandTimeoutMs: 300 });
  const messages = spanMessages(new TestRecords(), 2);
  await store.apply(messages.slice(0, 1));
  redis.server.pause();
  await expect(store.apply(messages)).rejects.toMatchObject(unavailable);
  await expect(store.services(range)).rejects.toMatchObject(unavailable);
  redis.server.resume();
  await until(() => store.health().ok);
  await store.apply(messages);
  expect(await requests(store)).toBe(20);
  await store.stop();
});

test('a full Redis refuses whole steps', async () => {
  const { store, events } = await openStore(redis, 'full:');
  const messages = spanMessages(new TestRecords(), 2);
  await store.apply(messages.slice(0, 1));
  const client = connect(redis);
  await client.config('SET', 'maxmemory', '1');
  await expect(store.apply(messages)).rejects.toMatchObject({
    code: 'unavailable',
    message: expect.stringContaining('OOM'),
  });
  expect(await requests(store)).toBe(10);
  await client.config('SET', 'maxmemory', '0');
  await store.apply(messages);
  expect(await requests(store)).toBe(20);
  expect(events.map(({ type }) => type)).not.toContain('redis-may-evict');
  await client.config('SET', 'maxmemory', '100mb');
  await client.config('SET', 'maxmemory-policy', 'volatile-lru');
  const other = await openStore(redis, 'full:');
  await until(() => other.events.some(({ type }) => type === 'redis-may-evict'));
  client.disconnect();
  await Promise.all([store.stop(), other.store.stop()]);
});
