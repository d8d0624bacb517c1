import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { RetryBudget } from '../retry-budget.ts';
import { type RetryOptions, retry } from './retry.ts';

type Outcome = 'good' | 'busy' | 'never';

function trying(outcomes: readonly Outcome[], more: Partial<RetryOptions<Outcome>> = {}) {
  const [attempts, delays]: [number[], number[]] = [[], []];
  const result = retry<Outcome>(
    (number) => {
      attempts.push(number);
      return Promise.resolve(outcomes[number - 1] ?? 'busy');
    },
    {
      shouldRetry: (outcome) => outcome === 'busy',
      retriesMax: 5,
      baseMs: 100,
      maxMs: 1000,
      deadlineMs: 60_000,
      random: () => 0.5,
      onRetry: (delayMs) => delays.push(delayMs),
      ...more,
    },
  );
  return { result, attempts, delays };
}

describe('retry', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('doubles the bound of its waits up to the largest, and gives the last outcome', async () => {
    const { result, attempts, delays } = trying([]);
    await vi.runAllTimersAsync();
    expect(await result).toBe('busy');
    expect(attempts).toEqual([1, 2, 3, 4, 5, 6]);
    expect(delays).toEqual([50, 100, 200, 400, 500]);
  });

  it('waits anything from nothing to the bound', async () => {
    const numbers = [0, 0.999, 0.25];
    const { result, delays } = trying(['busy', 'busy', 'busy', 'good'], {
      random: () => numbers.shift() ?? 0,
    });
    await vi.runAllTimersAsync();
    expect(await result).toBe('good');
    expect(delays.map(Math.round)).toEqual([0, 200, 100]);
  });

  it('does not retry what is final', async () => {
    const { result, attempts } = trying(['busy', 'never']);
    await vi.runAllTimersAsync();
    expect(await result).toBe('never');
    expect(attempts).toEqual([1, 2]);
  });

  it('ends before a wait that would reach beyond the deadline', async () => {
    const { result, delays } = trying([], { deadlineMs: 360 });
    await vi.runAllTimersAsync();
    expect(await result).toBe('busy');
    expect(delays).toEqual([50, 100, 200]);
  });

  it('ends with the budget', async () => {
    const budget = new RetryBudget({ ratio: 0.1, tokensMax: 2 });
    const { result, delays } = trying([], { budget });
    await vi.runAllTimersAsync();
    expect(await result).toBe('busy');
    expect(delays).toEqual([50, 100]);
    expect(budget.refused).toBe(1);
    for (let i = 0; i < 11; i++) budget.earn();
    expect([budget.spend(), budget.spend()]).toEqual([true, false]);
  });

  it('ends at the signal, in the middle of a wait', async () => {
    const abort = new AbortController();
    const { result, attempts } = trying([], { abort: abort.signal });
    await vi.advanceTimersByTimeAsync(60);
    abort.abort();
    expect(await result).toBe('busy');
    expect(attempts).toEqual([1, 2]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('throws on what an attempt throws, once', async () => {
    let attempts = 0;
    const thrown = retry(
      () => {
        attempts += 1;
        return Promise.reject(new RangeError('a bug'));
      },
      { shouldRetry: () => true, retriesMax: 3, baseMs: 1, maxMs: 1, deadlineMs: 1000 },
    );
    await expect(thrown).rejects.toThrow(RangeError);
    expect(attempts).toBe(1);
  });
});
