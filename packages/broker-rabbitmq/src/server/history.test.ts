import { expect, test } from 'vitest';
import { PublishHistory } from './history.ts';

test('the oldest of the last n was published when its count was told', () => {
  const history = new PublishHistory();
  told(history, 'a', 5, 1_000);
  told(history, 'a', 9, 2_000);
  told(history, 'b', 3, 3_000);
  expect(history.oldestMs('t/0', 1)).toBe(3_000);
  expect(history.oldestMs('t/0', 3)).toBe(3_000);
  expect(history.oldestMs('t/0', 4)).toBe(2_000);
  expect(history.oldestMs('t/0', 7)).toBe(2_000);
  expect(history.oldestMs('t/0', 8)).toBe(1_000);
  expect(history.oldestMs('t/0', 12)).toBe(1_000);
});

test('what was published before it listened is unknown', () => {
  const history = new PublishHistory();
  expect(history.oldestMs('t/0', 1)).toBeUndefined();
  const answer = {
    kind: 'counts',
    publisher: 'a',
    counts: { 't/0': 100 },
    isAnswer: true,
  } as const;
  history.note(answer, 1_000);
  told(history, 'a', 104, 2_000);
  expect(history.oldestMs('t/0', 4)).toBe(2_000);
  expect(history.oldestMs('t/0', 5)).toBeUndefined();
});

test('a long history gets coarser, not shorter, and stays bounded', () => {
  const history = new PublishHistory();
  const total = 10_000;
  for (let n = 1; n <= total; n++) told(history, 'a', n, n);
  expect(history.oldestMs('t/0', 1)).toBe(total);
  for (const n of [1, 2, 10, 100, 1_000, 5_000, 9_900]) {
    const age = total - (history.oldestMs('t/0', n) ?? Number.NaN);
    expect(age).toBeLessThanOrEqual(n);
    expect(age).toBeGreaterThan(n * 0.96 - 2);
  }
});

function told(history: PublishHistory, publisher: string, count: number, nowMs: number): void {
  history.note({ kind: 'counts', publisher, counts: { 't/0': count }, isAnswer: false }, nowMs);
}
