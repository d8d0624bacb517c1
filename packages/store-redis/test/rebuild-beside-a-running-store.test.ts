import { type RedisServer, startRedis } from '@spillway/native';
import { TestRecords } from '@spillway/store/contract';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { clock, keysOf, openStore, range, requests, spanMessages } from './support.ts';

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.remove());

test('what comes during a rebuild counts once, whichever way it comes first', async () => {
  const [here, there] = await Promise.all([
    openStore(redis, 'beside:', { positions: 'sequences' }),
    openStore(redis, 'beside:', { positions: 'sequences' }),
  ]);
  const messages = spanMessages(new TestRecords(), 40);
  const [before, during, after] = [
    messages.slice(0, 20),
    messages.slice(20, 30),
    messages.slice(30),
  ];
  await here.store.apply(before);
  // As the write store reads them back, from a Redis that had lost half.
  await here.store.reset();
  const rebuild = await there.store.capabilities.beginRebuild?.();
  await here.store.apply(during.slice(0, 5));
  // The write store has not all of it yet: the rest comes the other way alone.
  await rebuild?.apply([...before, ...during.slice(3, 8)]);
  await here.store.apply(during.slice(5));
  expect(await requests(here.store)).toBe(100);
  await rebuild?.finish();
  expect(await requests(here.store)).toBe(300);
  await here.store.apply(after);
  expect(await requests(there.store)).toBe(400);
  const prefixes = (await keysOf(redis, 'beside:')).map((key) => /\}:(g\w+):/.exec(key)?.[1]);
  expect(new Set(prefixes.filter(Boolean)).size).toBe(1);
  await Promise.all([here.store.stop(), there.store.stop()]);
});

test('one rebuild at a time; an abandoned one leaves the store and no keys', async () => {
  let nowMs = clock();
  const { store } = await openStore(redis, 'alone:', { clock: () => nowMs });
  const messages = spanMessages(new TestRecords(), 3);
  await store.apply(messages);
  const first = await store.capabilities.beginRebuild?.();
  await expect(store.capabilities.beginRebuild?.()).rejects.toMatchObject({
    code: 'rebuild-under-way',
  });
  await first?.abandon();
  expect(await requests(store)).toBe(30);
  const kept = (await keysOf(redis, 'alone:')).length;
  const second = await store.capabilities.beginRebuild?.();
  await second?.apply(messages);
  expect((await keysOf(redis, 'alone:')).length).toBeGreaterThan(kept);
  // Its process died; nobody prolongs it any more.
  nowMs += 120_000;
  const third = await store.capabilities.beginRebuild?.();
  await expect(second?.apply(messages)).rejects.toMatchObject({ code: 'rebuild-lost' });
  await expect(second?.finish()).rejects.toMatchObject({ code: 'rebuild-lost' });
  await third?.apply(messages);
  await third?.finish();
  expect(await requests(store)).toBe(30);
  expect((await store.services(range)).map(({ service }) => service)).toEqual(['checkout']);
  await store.stop();
});
