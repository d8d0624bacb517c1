import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { sleep } from './sleep.ts';

describe('sleep', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('says whether the time has passed, or the abort came before it', async () => {
    const abort = new AbortController();
    const [short, long] = [sleep(100, abort.signal), sleep(200, abort.signal)];
    await vi.advanceTimersByTimeAsync(150);
    abort.abort();
    expect(await Promise.all([short, long, sleep(1, abort.signal)])).toEqual([true, false, false]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('leaves no listener on a signal that outlives it', async () => {
    const { signal } = new AbortController();
    const [add, remove] = [
      vi.spyOn(signal, 'addEventListener'),
      vi.spyOn(signal, 'removeEventListener'),
    ];
    const slept = sleep(100, signal);
    await vi.advanceTimersByTimeAsync(100);
    expect(await slept).toBe(true);
    expect(remove.mock.calls.map(([, listener]) => listener)).toEqual(
      add.mock.calls.map(([, listener]) => listener),
    );
  });
});
