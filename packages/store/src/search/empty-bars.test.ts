import { expect, it } from 'vitest';
import { emptyBars } from './empty-bars.ts';

it('cuts a range into equal parts that cover it', () => {
  const { widthMs, bars } = emptyBars({ fromMs: 1_000, toMs: 2_000, bars: 4 });
  expect(widthMs).toBe(250);
  expect(bars.map(({ fromMs }) => fromMs)).toEqual([1_000, 1_250, 1_500, 1_750]);
  expect(emptyBars({ fromMs: 0, toMs: 2, bars: 10 }).bars).toHaveLength(2);
});

it('has no more parts than are asked for, however far away the range lies', () => {
  for (const [fromMs, toMs] of [
    [0, 6e23],
    [2 ** 60, 2 ** 60 + 1_000],
    [-(2 ** 70), 2 ** 70],
    [5, 5],
    [9, 5],
  ] as const) {
    expect(emptyBars({ fromMs, toMs, bars: 60 }).bars.length).toBeLessThanOrEqual(60);
  }
  expect(emptyBars({ fromMs: 0, toMs: 1e6, bars: 1e9 }).bars).toHaveLength(500);
});
