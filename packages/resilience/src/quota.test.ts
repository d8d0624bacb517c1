import { expect, it } from 'vitest';
import { LeasedQuota, type Reservoir } from './quota.ts';

const refillMs = 5_000;

class SharedReservoir implements Reservoir {
  readonly amount = 5_000;
  left = 5_000;
  isDown = false;
  calls = 0;

  async lease(wanted: number): Promise<number> {
    this.calls++;
    if (this.isDown) throw new Error('away');
    const granted = Math.min(wanted, this.left);
    this.left -= granted;
    return granted;
  }
}

/** Four processes that always want more than their share, in steps of 10 ms; taken per second. */
async function drive(seconds: number, at: (second: number, shared: SharedReservoir) => void) {
  const clock = { ms: 0 };
  const shared = new SharedReservoir();
  const quotas = Array.from({ length: 4 }, () => {
    const common = { ratePerSecond: 1_000, refillMs, localShare: 0.25 };
    return new LeasedQuota({ reservoir: shared, nowMs: () => clock.ms, ...common });
  });
  const taken = new Array<number>(seconds).fill(0);
  const waits: number[] = [];
  for (; clock.ms < seconds * 1_000; clock.ms += 10) {
    if (clock.ms % refillMs === 0) shared.left = shared.amount;
    if (clock.ms % 1_000 === 0) at(clock.ms / 1_000, shared);
    for (const quota of quotas) {
      for (let i = 0; i < 5; i++) {
        const waitMs = quota.tryTake(1);
        if (waitMs === 0) taken[Math.floor(clock.ms / 1_000)] = at1000(taken, clock.ms) + 1;
        else waits.push(waitMs);
      }
    }
    await new Promise(setImmediate);
  }
  return { taken, waits, shared, quotas };
}

const at1000 = (taken: number[], ms: number) => taken[Math.floor(ms / 1_000)] ?? 0;
const sum = (numbers: number[]) => numbers.reduce((a, b) => a + b, 0);

it('keeps all processes together within the rate, with few calls', async () => {
  const { taken, waits, shared } = await drive(30, () => undefined);
  expect(Math.abs(sum(taken) - 30_000)).toBeLessThan(1_500);
  for (let from = 0; from + 5 <= 30; from++) {
    expect(sum(taken.slice(from, from + 5))).toBeLessThanOrEqual(7_500);
  }
  expect(shared.calls).toBeLessThan(1_000);
  expect(Math.max(...waits)).toBeLessThanOrEqual(refillMs);
});

it('spends its own share while the reservoir is away, and comes back', async () => {
  const { taken, quotas } = await drive(40, (second, shared) => {
    shared.isDown = second >= 10 && second < 30;
  });
  expect(Math.abs(sum(taken.slice(12, 30)) - 18_000)).toBeLessThan(1_800);
  expect(Math.abs(sum(taken.slice(30, 40)) - 10_000)).toBeLessThan(1_500);
  expect(quotas.every(({ isAway }) => !isAway)).toBe(true);
});
