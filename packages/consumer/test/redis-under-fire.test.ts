import { type RedisServer, startRedis } from '@spillway/native';
import { redisSection } from '@spillway/redis';
import { createRedisLiveStore } from '@spillway/store-redis';
import { TcpProxy } from '@spillway/test-support';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Fire } from './support/fire.ts';

let server: RedisServer;
let proxy: TcpProxy;
let operator: Redis;

beforeAll(async () => {
  server = await startRedis();
  proxy = await TcpProxy.start(server.server.address);
  operator = new Redis(server.url);
  operator.on('error', () => {});
});
afterAll(async () => {
  operator?.disconnect();
  await proxy?.remove();
  await server?.remove();
});

test.each(['log', 'sequences'] as const)(
  'totals stay exact through every way to lose Redis amid steps, with %s',
  async (positions) => {
    const url = new URL(server.url);
    url.host = proxy.address;
    const section = redisSection.parse({ url: url.href, keyPrefix: `${positions}:` });
    const hasty = { commandTimeoutMs: 300, connectTimeoutMs: 500 };
    const store = createRedisLiveStore({ ...section, ...hasty, positions });
    await store.start();
    const fire = await Fire.start(store, 'traces', () => Date.now() - store.windowMs);
    const heal = () => proxy.heal();
    const { server: process } = server;
    await fire.suffer({ name: 'cut', begin: () => proxy.cut(), end: heal }, true);
    await fire.suffer({ name: 'black hole', begin: () => proxy.blackHole(), end: heal });
    // Steps are applied, and nobody hears of it.
    await fire.suffer({ name: 'answers lost', begin: () => proxy.halfOpen('answers'), end: heal });
    // Steps arrive after they were given up and tried again.
    await fire.suffer({ name: 'late requests', begin: () => proxy.hold(), end: heal });
    const frozen = { begin: () => process.pause(), end: () => process.resume() };
    await fire.suffer({ name: 'frozen', ...frozen }, true);
    const memory = (bytes: string) => operator.config('SET', 'maxmemory', bytes);
    await fire.suffer({ name: 'OOM', begin: () => memory('1'), end: () => memory('0') }, true);
    const nowhere = () => operator.replicaof('127.0.0.1', '1');
    const primary = () => operator.replicaof('NO', 'ONE');
    await fire.suffer({ name: 'READONLY', begin: nowhere, end: primary }, true);
    await fire.drain();
    await fire.expectCalm();
    const range = { fromMs: Date.now() - store.windowMs, toMs: Date.now() + 60_000 };
    const services = await store.services({ tenant: 'acme', ...range });
    const counted = services.flatMap(({ sparkline }) => sparkline).reduce((a, b) => a + b, 0);
    expect(counted).toBe(fire.sent.length);
    await fire.end();
    await store.stop();
  },
  90_000,
);
