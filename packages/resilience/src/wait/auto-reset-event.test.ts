import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AutoResetEvent } from './auto-reset-event.ts';

describe('AutoResetEvent', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => {
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
  });

  it('ends the wait under way, and no other', async () => {
    const event = new AutoResetEvent();
    const first = event.wait(100);
    event.set();
    expect(await first).toBe(true);
    const second = event.wait(100);
    await vi.advanceTimersByTimeAsync(100);
    expect(await second).toBe(false);
  });

  it('ends the next wait at once when it was set while nobody waited, unless it was reset', async () => {
    const event = new AutoResetEvent();
    event.set();
    event.set();
    expect(await event.wait(100)).toBe(true);
    event.set();
    event.reset();
    const wait = event.wait(100);
    await vi.advanceTimersByTimeAsync(100);
    expect(await wait).toBe(false);
  });

  it('ends with an abort, also with one of before', async () => {
    const event = new AutoResetEvent();
    const abort = new AbortController();
    const wait = event.wait(100, abort.signal);
    abort.abort();
    expect([await wait, await event.wait(100, abort.signal)]).toEqual([false, false]);
  });

  it('takes one wait at a time', async () => {
    const event = new AutoResetEvent();
    const wait = event.wait(100);
    await expect(event.wait(100)).rejects.toThrow('one wait at a time');
    event.set();
    expect(await wait).toBe(true);
  });
});
