import { setTimeout as pause } from 'node:timers/promises';
import { type RedisServer, startRedis } from '@spillway/native';
import { redisSection } from '@spillway/redis';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { createQuotaLeases, type QuotaLeases, type QuotaLeasesEvent } from '../src/index.ts';

const rate = 2_000;
const stepMs = 25;
const limit = { tenant: 'acme', of: 'records', ratePerSecond: rate, burst: rate } as const;

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis({ config: ['--appendonly', 'no'] });
});
afterEach(() => vi.useRealTimers());
afterAll(() => redis.remove());

interface Fleet {
  gateways: QuotaLeases[];
  events: QuotaLeasesEvent[];
  /** Each wants so much more every 25 ms; `inRealTime` where time-outs count. */
  run: (ms: number, perGateway: number[], inRealTime?: boolean) => Promise<void>;
  takenBetween: (fromMs: number, toMs: number) => number;
  nowMs: () => number;
  waits: Set<number>;
}

/** Four gateways; time is simulated, for them and for the reservoir, Redis is not. */
async function startFleet(name: string, gatewaysAssumed = 4): Promise<Fleet> {
  vi.useFakeTimers({ toFake: ['Date'] });
  const began = Date.now();
  const nowMs = () => Date.now() - began;
  const keyPrefix = `${name.replaceAll(' ', '-')}:`;
  const events: QuotaLeasesEvent[] = [];
  const config = redisSection.parse({ url: redis.url, keyPrefix, commandTimeoutMs: 1_000 });
  const report = (event: QuotaLeasesEvent) => events.push(event);
  const options = { ...config, gatewaysAssumed, report, nowMs, clock: () => Date.now() };
  const gateways = Array.from({ length: 4 }, () => createQuotaLeases(options));
  for (const gateway of gateways) await gateway.start();
  const detail = `shared by ${gateways.length}`;
  for (const gateway of gateways) {
    await expect.poll(() => gateway.health().detail, { timeout: 10_000 }).toBe(detail);
  }
  const quotas = gateways.map((gateway) => gateway.open(limit));
  const taken = new Map<number, number>();
  const waits = new Set<number>();
  const run = async (ms: number, perGateway: number[], inRealTime = false) => {
    const untilMs = nowMs() + ms;
    while (nowMs() < untilMs) {
      quotas.forEach((quota, i) => {
        for (let amount = 0; amount < (perGateway[i] ?? 0); amount++) {
          const waitMs = quota.tryTake(1);
          if (waitMs === 0) taken.set(nowMs(), (taken.get(nowMs()) ?? 0) + 1);
          else waits.add(waitMs);
        }
      });
      // What was asked has mostly answered before time goes on.
      await pause(inRealTime ? stepMs : 1);
      vi.setSystemTime(Date.now() + stepMs);
    }
  };
  const takenBetween = (fromMs: number, toMs: number) =>
    [...taken].reduce((sum, [at, n]) => (at >= fromMs && at < toMs ? sum + n : sum), 0);
  return { gateways, events, run, takenBetween, nowMs, waits };
}

function expectNoBurst({ takenBetween, nowMs }: Fleet): void {
  for (let from = 0; from + 5_000 <= nowMs(); from += 100) {
    expect(takenBetween(from, from + 5_000)).toBeLessThanOrEqual(1.5 * 5 * rate);
  }
}

/** Sixteen times the quota. */
const flood = [200, 200, 200, 200];

test.each([
  ['all flooded', flood],
  ['unlike', [200, 5, 1, 0]],
])(
  'four gateways take what the quota allows within 5 % over a minute, %s',
  async (name, wanted) => {
    const fleet = await startFleet(name);
    await fleet.run(61_000, wanted);
    for (const from of [0, 500, 1_000]) {
      const off = fleet.takenBetween(from, from + 60_000) / (60 * rate) - 1;
      expect(Math.abs(off)).toBeLessThan(0.05);
    }
    expectNoBurst(fleet);
    expect(Math.max(...fleet.waits)).toBeLessThanOrEqual(1_000);
    for (const gateway of fleet.gateways) await gateway.stop();
  },
);

test('a flood after a quiet time takes no more than the burst on top', async () => {
  const fleet = await startFleet('flood');
  for (const quietMs of [4_900, 700, 9_300, 2_400, 20_000]) {
    await fleet.run(quietMs, [0, 1, 0, 0]);
    await fleet.run(900, flood);
  }
  expectNoBurst(fleet);
  for (const gateway of fleet.gateways) await gateway.stop();
});

test.each([
  ['killed, back and empty', () => redis.server.kill(), () => redis.server.start()],
  ['silent for a while', async () => redis.server.pause(), async () => redis.server.resume()],
])('each takes its share while Redis is %s', async (name, lose, recover) => {
  const fleet = await startFleet(name);
  await fleet.run(25_000, flood);
  await lose();
  await fleet.run(5_000, flood, true);
  const shares = fleet.gateways.map((gateway) => gateway.stats().localShare);
  expect(shares).toEqual([0.25, 0.25, 0.25, 0.25]);
  expect(fleet.gateways[0]?.health().detail).toMatch(/^each of 4 spends its share: /);
  await recover();
  await expect
    .poll(
      async () => {
        await fleet.run(500, flood, true);
        return fleet.gateways.map((gateway) => gateway.stats().localShare);
      },
      { timeout: 10_000 },
    )
    .toEqual([undefined, undefined, undefined, undefined]);
  await fleet.run(25_000, flood);
  expectNoBurst(fleet);
  const off = fleet.takenBetween(0, fleet.nowMs()) / ((fleet.nowMs() / 1_000) * rate) - 1;
  expect(Math.abs(off)).toBeLessThan(0.05);
  const types = fleet.events.map(({ type }) => type);
  expect(types.filter((type) => type === 'quotas-local')).toHaveLength(4);
  for (const gateway of fleet.gateways) await gateway.stop();
});
