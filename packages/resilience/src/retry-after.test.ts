import { describe, expect, it } from 'vitest';
import { RetryAfter } from './retry-after.ts';

function limit(random = 0) {
  const clock = { ms: 500 };
  const retryAfter = new RetryAfter({ nowMs: () => clock.ms, random: () => random });
  const drain = (perStep: number, steps: number) => {
    for (let i = 0; i < steps; i++) {
      clock.ms += 100;
      retryAfter.left(perStep);
    }
  };
  return { clock, retryAfter, drain };
}

describe('RetryAfter', () => {
  it('tells how long the excess takes at the rate of late, also of a young limit', () => {
    for (const steps of [3, 30, 3_000]) {
      const { retryAfter, drain } = limit();
      drain(100, steps);
      const waitMs = retryAfter.waitMs(5_000);
      expect(waitMs / 5_000).toBeGreaterThan(0.8);
      expect(waitMs / 5_000).toBeLessThan(1.2);
    }
  });

  it('lines up those who are refused, and forgets them as their time passes', () => {
    const { retryAfter, drain } = limit();
    drain(100, 300);
    const waits = [1, 2, 3, 4].map(() => Math.round(retryAfter.waitMs(2_000) / 1_000));
    expect(waits).toEqual([2, 4, 6, 8]);
    drain(100, 90);
    expect(retryAfter.waitMs(1)).toBe(1_000);
  });

  it('stays within 1 and 30 seconds, whatever happens', () => {
    const { retryAfter, drain, clock } = limit();
    expect(retryAfter.waitMs(1)).toBe(1_000);
    clock.ms += 12_000;
    expect(retryAfter.waitMs(1)).toBe(12_000);
    clock.ms += 40_000;
    expect(retryAfter.waitMs(1)).toBe(30_000);
    drain(100, 100);
    expect(retryAfter.waitMs(1)).toBe(1_000);
    for (let i = 0; i < 1_000; i++) expect(retryAfter.waitMs(1e9)).toBe(30_000);
    clock.ms += 600_000;
    expect(retryAfter.waitMs(1)).toBe(30_000);
  });

  it('spreads what it tells by up to a half', () => {
    const waits = [0, 0.5, 1].map((random) => {
      const { retryAfter, drain } = limit(random);
      drain(100, 300);
      return Math.round(retryAfter.waitMs(4_000) / 1_000);
    });
    expect(waits).toEqual([4, 5, 6]);
  });
});
