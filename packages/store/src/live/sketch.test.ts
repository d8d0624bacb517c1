import { expect, test } from 'vitest';
import { Sketch } from './sketch.ts';

test.each([0.002, 0.5, 3, 47, 999, 60_000, 1_500_000])(
  '%d ms is told within 5 %%',
  (durationMs) => {
    const sketch = new Sketch();
    sketch.add(durationMs);
    expect(Math.abs(sketch.quantile(0.5) - durationMs) / durationMs).toBeLessThan(0.05);
  },
);

test('quantiles rank over what was merged', () => {
  const [fast, slow] = [new Sketch(), new Sketch()];
  for (let i = 0; i < 95; i++) fast.add(10);
  for (let i = 0; i < 5; i++) slow.add(1_000);
  slow.merge(fast);
  expect(slow.quantile(0.5)).toBeCloseTo(10, 0);
  expect(slow.quantile(0.95)).toBeCloseTo(10, 0);
  expect(slow.quantile(0.96)).toBeGreaterThan(950);
  expect(new Sketch().quantile(0.5)).toBe(0);
});
