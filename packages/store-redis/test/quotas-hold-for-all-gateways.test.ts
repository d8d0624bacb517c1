import { type RedisServer, startRedis } from '@spillway/native';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createQuotaLeases, redisSection } from '../src/index.ts';
import { keysOf } from './support.ts';

const rate = 2_000;
const windowMs = 5_000;
let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis({ config: ['--appendonly', 'no'] });
});
afterAll(() => redis.remove());

test('four gateways stay within one quota, with a share each while Redis is away', async () => {
  const config = redisSection.parse({ url: redis.url, commandTimeoutMs: 1_000 });
  const gateways = Array.from({ length: 4 }, () =>
    createQuotaLeases({ ...config, localShare: 0.25 }),
  );
  for (const gateway of gateways) await gateway.start();
  const quotas = gateways.map((gateway) => gateway.quota('acme:records', rate));
  const taken: number[] = [];
  const began = performance.now();
  const takeFor = async (ms: number) => {
    const from = performance.now();
    while (performance.now() - from < ms) {
      for (const quota of quotas) {
        for (let i = 0; i < 20; i++) {
          const waitMs = quota.tryTake(1);
          if (waitMs === 0) taken.push(performance.now() - began);
          else expect(waitMs).toBeLessThanOrEqual(windowMs);
        }
      }
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    return performance.now() - began;
  };
  const between = (from: number, to: number) => taken.filter((at) => at >= from && at < to).length;

  await takeFor(16_000);
  // Refills come in steps of 5 s: three windows from the first one, in full.
  expect(Math.abs(between(0, 3 * windowMs) - 3 * windowMs * (rate / 1_000))).toBeLessThan(
    0.05 * 3 * windowMs * (rate / 1_000),
  );
  for (let from = 0; from < 10_000; from += 250) {
    expect(between(from, from + windowMs)).toBeLessThanOrEqual(1.5 * windowMs * (rate / 1_000));
  }
  await redis.server.kill();
  const down = await takeFor(1_500);
  const own = await takeFor(3_000);
  expect(quotas.every(({ isAway }) => isAway)).toBe(true);
  const wanted = ((own - down) * rate) / 1_000;
  expect(Math.abs(between(down, own) - wanted)).toBeLessThan(0.15 * wanted);
  await redis.server.start();
  await takeFor(3_500);
  expect(quotas.every(({ isAway }) => !isAway)).toBe(true);
  expect(gateways.every((gateway) => gateway.health().ok)).toBe(true);
  expect((await keysOf(redis, 'b_spillway:{quota}:acme:records')).length).toBeGreaterThan(0);
  for (const gateway of gateways) await gateway.stop();
});
