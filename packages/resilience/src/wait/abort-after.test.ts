import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { abortAfter } from './abort-after.ts';

/** The message of what it was aborted with. */
function untilAborted(abort: AbortSignal): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const end = (): void => resolve((abort.reason as Error).message);
  abort.addEventListener('abort', end);
  if (abort.aborted) end();
  return promise;
}

describe('abortAfter', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => {
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
  });

  it('aborts at the limit, and leaves no timer behind a call that is quicker', async () => {
    const slow = abortAfter(100, untilAborted);
    const named = abortAfter(100, untilAborted, { reason: () => new Error('too late') });
    await vi.advanceTimersByTimeAsync(100);
    expect([await slow, await named]).toEqual(['aborted after 100 ms', 'too late']);
    expect(await abortAfter(100, () => Promise.resolve('quick'))).toBe('quick');
  });

  it('aborts with the outer signal for its reason, also with one of before', async () => {
    const outer = new AbortController();
    const call = abortAfter(100, untilAborted, { outer: outer.signal });
    outer.abort(new Error('gone'));
    expect(await call).toBe('gone');
    expect(await abortAfter(100, untilAborted, { outer: outer.signal })).toBe('gone');
  });
});
