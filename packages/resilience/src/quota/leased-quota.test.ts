import { expect, it } from 'vitest';
import { LeasedQuota } from './leased-quota.ts';
import type { Reservoir } from './quota.ts';

/** Filled up by 250 a step of 250 ms, up to 1,000. */
class SharedReservoir implements Reservoir {
  left = 250;
  isDown = false;
  calls = 0;

  async lease(wanted: number): Promise<number> {
    this.calls++;
    if (this.isDown) throw new Error('away');
    const granted = Math.min(wanted, this.left / 4);
    this.left -= granted;
    return granted;
  }
}

function fleet() {
  const clock = { ms: 0 };
  const shared = new SharedReservoir();
  const common = { ratePerSecond: 1_000, burst: 1_000, share: () => 0.25, nowMs: () => clock.ms };
  const quotas = Array.from({ length: 4 }, () => new LeasedQuota({ reservoir: shared, ...common }));
  /** Everybody wants one every 2 ms, for so many seconds; what was taken in all. */
  const run = async (seconds: number): Promise<number> => {
    let taken = 0;
    for (const untilMs = clock.ms + seconds * 1_000; clock.ms < untilMs; clock.ms += 10) {
      if (clock.ms % 250 === 0) shared.left = Math.min(1_000, shared.left + 250);
      for (const quota of quotas) {
        for (let i = 0; i < 5; i++) if (quota.tryTake(1) === 0) taken++;
      }
      await new Promise(setImmediate);
    }
    return taken;
  };
  return { clock, shared, quotas, run };
}

it('keeps all processes together within the rate, with few calls', async () => {
  const { run, shared } = fleet();
  expect(Math.abs((await run(30)) - 30_000)).toBeLessThan(600);
  expect(shared.calls).toBeLessThan(1_000);
});

it('asks for nothing while nothing is spent', async () => {
  const { run, shared, clock } = fleet();
  await run(2);
  await new Promise(setImmediate);
  const { calls } = shared;
  clock.ms += 60_000;
  expect(shared.calls).toBe(calls);
});

it('spends its own share while the reservoir is away, and comes back', async () => {
  const { run, shared, quotas } = fleet();
  await run(10);
  shared.isDown = true;
  expect(Math.abs((await run(20)) - 20_000)).toBeLessThan(600);
  expect(quotas.every(({ isAway }) => isAway)).toBe(true);
  shared.isDown = false;
  expect(Math.abs((await run(10)) - 10_000)).toBeLessThan(1_200);
  expect(quotas.some(({ isAway }) => isAway)).toBe(false);
});

it('tells the wait for a debt by what it can expect, and lends more than it holds only once', async () => {
  const { quotas, shared, clock } = fleet();
  const [quota] = quotas as [LeasedQuota];
  expect(quota.tryTake(500)).toBe(0);
  expect(quota.tryTake(1)).toBeGreaterThanOrEqual(437);
  shared.left = 0;
  await new Promise(setImmediate);
  clock.ms += 200;
  quota.tryTake(1);
  await new Promise(setImmediate);
  // Short: the others want theirs.
  expect(quota.tryTake(1)).toBeGreaterThanOrEqual(4 * 300);
  quota.giveBack(500);
  expect(quota.tryTake(1)).toBe(0);
});
