import { expect, test } from 'vitest';
import { DrainTimes } from './drain-time.ts';

/** The answer after the last of the amounts, one every two seconds. */
function after(...amounts: number[]): number | null | undefined {
  const times = new DrainTimes();
  return amounts.map((amount, i) => times.seconds('spill', amount, i * 2_000)).at(-1);
}

test.each([
  ['one look tells nothing', [100], null],
  ['a steady rate tells the rest', [100, 90, 80], 16],
  ['what grows never ends', [100, 120, 140], null],
  ['what stands still never ends', [100, 100, 100, 100], null],
  ['growth begins a new measurement', [100, 80, 200, 180], null],
  ['which then counts alone', [100, 80, 200, 180, 160], 16],
  ['a little growth on the way counts as slower', [100, 80, 82, 60], 9],
  ['nothing is gone at once', [0], 0],
])('%s', (_name, amounts, expected) => {
  expect(after(...amounts)).toBe(expected);
});

test('the rate is that of the last half minute', () => {
  const times = new DrainTimes();
  let amount = 10_000;
  let nowMs = 0;
  const step = (by: number) => {
    amount -= by;
    nowMs += 2_000;
    return times.seconds('spill', amount, nowMs);
  };
  for (let i = 0; i < 60; i++) step(100);
  let seconds: number | null = 0;
  for (let i = 0; i < 16; i++) seconds = step(10);
  expect(seconds).toBeCloseTo((amount / 10) * 2, 5);
});
