import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Backoff } from './backoff.ts';

const limits = { baseMs: 50, maxMs: 2_000 };

it('doubles the bound of its waits up to the largest, and begins anew after a success', () => {
  const backoff = new Backoff({ ...limits, random: () => 0.5 });
  const eight = () => Array.from({ length: 8 }, () => backoff.nextMs());
  expect(eight()).toEqual([25, 50, 100, 200, 400, 800, 1_000, 1_000]);
  backoff.reset();
  expect(backoff.nextMs()).toBe(25);
});

it('waits anything from nothing to the bound, after however many failures', () => {
  const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  fc.assert(
    fc.property(chance, fc.integer({ min: 1, max: 3_000 }), (random, failures) => {
      const backoff = new Backoff({ ...limits, random: () => random });
      let waitMs = 0;
      for (let i = 0; i < failures; i++) waitMs = backoff.nextMs();
      const boundMs = Math.min(2_000, 50 * 2 ** (failures - 1));
      expect(waitMs).toBe(Math.round(random * boundMs));
    }),
    { numRuns: 50 },
  );
});

it('keeps those apart who fail together', () => {
  const fleet = Array.from({ length: 20 }, () => new Backoff(limits));
  for (let round = 0; round < 6; round++) for (const one of fleet) one.nextMs();
  expect(new Set(fleet.map((one) => one.nextMs())).size).toBeGreaterThan(10);
});
