import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { abortAfter } from './abort-after.ts';

function untilAborted(abort: AbortSignal): Promise<string> {
  return new Promise((resolve) => abort.addEventListener('abort', () => resolve('aborted')));
}

describe('abortAfter', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('aborts at the limit, and leaves no timer behind a call that is quicker', async () => {
    const slow = abortAfter(100, untilAborted);
    await vi.advanceTimersByTimeAsync(100);
    expect(await slow).toBe('aborted');
    expect(await abortAfter(100, () => Promise.resolve('quick'))).toBe('quick');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('aborts with the outer signal', async () => {
    const outer = new AbortController();
    const call = abortAfter(100, untilAborted, outer.signal);
    outer.abort();
    expect(await call).toBe('aborted');
    expect(vi.getTimerCount()).toBe(0);
  });
});
