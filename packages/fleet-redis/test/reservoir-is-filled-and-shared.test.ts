import { type RedisServer, startRedis } from '@spillway/native';
import { Client, redisSection } from '@spillway/redis';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { QuotaReservoir } from '../src/quota-reservoir.ts';

let redis: RedisServer;
let client: Client;
beforeAll(async () => {
  redis = await startRedis({ config: ['--appendonly', 'no'] });
  client = new Client({ config: redisSection.parse({ url: redis.url }), name: 'test' });
  await client.connect();
});
afterAll(async () => {
  client.close();
  await redis.remove();
});

let nowMs: number;
let number = 0;
beforeEach(() => {
  nowMs = 1_764_000_000_000;
  number += 1;
});

/** 1,000 a second, of which 2,000 are kept. */
function reservoir(share = 1, time: 'ours' | 'of Redis' = 'ours'): QuotaReservoir {
  const limits = { ratePerSecond: 1_000, burst: 2_000, share: () => share };
  const clock = time === 'ours' ? () => nowMs : undefined;
  return new QuotaReservoir({ client, key: `quota:${number}`, ...limits, clock });
}

describe('a reservoir in Redis', () => {
  it('has a quarter of a second at first, then what the time brings, up to the burst', async () => {
    const one = reservoir();
    expect(await one.lease(10_000)).toBe(250);
    expect(await one.lease(10_000)).toBe(0);
    nowMs += 400;
    expect(await one.lease(10_000)).toBeCloseTo(400, 3);
    nowMs += 60_000;
    expect(await one.lease(10_000)).toBeCloseTo(2_000, 3);
  });

  it('gives what is wanted, and of what remains one process no more than its part', async () => {
    const [one, other] = [reservoir(0.25), reservoir(0.25)];
    expect(await one.lease(100)).toBe(62.5);
    nowMs += 60_000;
    expect(await one.lease(100)).toBe(100);
    nowMs += 60_000;
    expect(await one.lease(10_000)).toBeCloseTo(500, 3);
    expect(await other.lease(10_000)).toBeCloseTo(375, 3);
  });

  it('gives a crumb whole', async () => {
    const one = reservoir(0.001);
    await one.lease(0.5);
    expect(await one.lease(10_000)).toBeCloseTo(2.5, 3);
  });

  it('lets nothing through twice when many ask at once', async () => {
    const many = await Promise.all(Array.from({ length: 50 }, () => reservoir().lease(20)));
    expect(many.reduce((sum, granted) => sum + granted, 0)).toBeCloseTo(250, 3);
  });

  it('is filled no further by a clock that runs backwards, and goes on when it has caught up', async () => {
    const one = reservoir();
    await one.lease(10_000);
    nowMs -= 3_600_000;
    expect(await one.lease(10_000)).toBe(0);
    nowMs += 100;
    expect(await one.lease(10_000)).toBeCloseTo(100, 3);
  });

  it('goes by the clock of Redis', async () => {
    const one = reservoir(1, 'of Redis');
    await one.lease(10_000);
    await expect.poll(() => one.lease(10_000)).toBeGreaterThan(0);
    expect(await client.run((to) => to.pttl(`quota:${number}`))).toBeGreaterThan(3_500_000);
  });
});
