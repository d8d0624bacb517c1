import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type RetryUntilDoneOptions, retryUntilDone } from './retry-until-done.ts';

function trying(failuresMax: number, more: Partial<RetryUntilDoneOptions> = {}) {
  let tries = 0;
  const waits: number[] = [];
  const run = async (): Promise<string> => {
    tries += 1;
    if (tries <= failuresMax) throw new TypeError(`failure ${tries}`);
    return 'done';
  };
  const done = retryUntilDone(run, {
    baseMs: 100,
    maxMs: 1_000,
    random: () => 0.5,
    onFailure: (_, failures, waitMs) => waits.push(failures, waitMs),
    ...more,
  });
  const outcome = done.catch((error: Error) => error.message);
  return { outcome, waits, tries: () => tries };
}

describe('retryUntilDone', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => {
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
  });

  it('tries until it is done, whatever was thrown, and says so before each wait', async () => {
    const { outcome, waits } = trying(6);
    await vi.runAllTimersAsync();
    expect(await outcome).toBe('done');
    expect(waits).toEqual([1, 50, 2, 100, 3, 200, 4, 400, 5, 500, 6, 500]);
  });

  it('rejects at once with what does not pass', async () => {
    const isPassing = (error: unknown) => (error as Error).message !== 'failure 2';
    const { outcome, tries } = trying(9, { isPassing });
    await vi.runAllTimersAsync();
    expect([await outcome, tries()]).toEqual(['failure 2', 2]);
  });

  it('tries a last time when the patience ends, not after it', async () => {
    const { outcome, waits } = trying(9, { patienceMs: 360, nowMs: Date.now });
    await vi.runAllTimersAsync();
    expect(await outcome).toBe('failure 5');
    expect(waits).toEqual([1, 50, 2, 100, 3, 200, 4, 10]);
  });

  it('ends with an abort in the middle of a wait, with the last error', async () => {
    const abort = new AbortController();
    const { outcome, tries } = trying(9, { abort: abort.signal });
    await vi.advanceTimersByTimeAsync(60);
    abort.abort();
    expect([await outcome, tries()]).toEqual(['failure 2', 2]);
  });
});
