import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { unlessAborted } from './unless-aborted.ts';
import { waitAtMost } from './wait-at-most.ts';
import { TimeoutError, withTimeout } from './with-timeout.ts';

/** The outcome as a text, so that a rejection is never without a listener. */
function outcomeOf(wait: Promise<unknown>): Promise<string> {
  return wait.then(
    (value) => `resolved: ${value}`,
    (error: Error) => `rejected: ${error.message}`,
  );
}

const workOf = {
  resolves: () => Promise.resolve('done'),
  rejects: () => Promise.reject(new Error('broken')),
  hangs: () => new Promise<string>(() => {}),
};

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

describe('withTimeout', () => {
  it.each([
    ['resolves', 'resolved: done'],
    ['rejects', 'rejected: broken'],
    ['hangs', 'rejected: the work took over 100 ms'],
  ] as const)('work that %s: %s', async (kind, outcome) => {
    const waited = outcomeOf(withTimeout(workOf[kind](), 100, 'the work'));
    // Of work that is quicker no timer may be left, which is looked at after each test.
    if (kind === 'hangs') await vi.advanceTimersByTimeAsync(100);
    expect(await waited).toBe(outcome);
  });

  it('rejects with an error of its own, and bears what the work rejects with later', async () => {
    const { promise, reject } = Promise.withResolvers<void>();
    const late = withTimeout(promise, 100, 'the work').catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(100);
    expect(await late).toBeInstanceOf(TimeoutError);
    reject(new Error('nobody listens'));
    await vi.advanceTimersByTimeAsync(1);
  });
});

describe('waitAtMost', () => {
  it.each([
    ['resolves', 'resolved: done'],
    ['rejects', 'rejected: broken'],
    ['hangs', 'resolved: undefined'],
  ] as const)('work that %s: %s', async (kind, outcome) => {
    const waited = outcomeOf(waitAtMost(workOf[kind](), { ms: 100 }));
    // Of work that is quicker no timer may be left, which is looked at after each test.
    if (kind === 'hangs') await vi.advanceTimersByTimeAsync(100);
    expect(await waited).toBe(outcome);
  });

  it('ends with an abort, also with one of before', async () => {
    const abort = new AbortController();
    const waited = waitAtMost(workOf.hangs(), { ms: 100, abort: abort.signal });
    abort.abort();
    expect(await waited).toBeUndefined();
    expect(await waitAtMost(workOf.hangs(), { abort: abort.signal })).toBeUndefined();
  });
});

describe('unlessAborted', () => {
  it.each([
    ['resolves', 'resolved: done'],
    ['rejects', 'rejected: broken'],
    ['hangs', 'rejected: stopped'],
  ] as const)('work that %s: %s', async (kind, outcome) => {
    const abort = new AbortController();
    const waited = outcomeOf(unlessAborted(workOf[kind](), abort.signal));
    await vi.advanceTimersByTimeAsync(1);
    abort.abort(new Error('stopped'));
    expect(await waited).toBe(outcome);
  });

  it('gives the work its grace after the abort, also after one of before', async () => {
    const { signal } = new AbortController();
    const stopped = AbortSignal.abort(new Error('stopped'));
    for (const abort of [signal, stopped]) {
      const { promise, resolve } = Promise.withResolvers<string>();
      const waited = outcomeOf(unlessAborted(promise, abort, { graceMs: 100 }));
      await vi.advanceTimersByTimeAsync(99);
      resolve('just in time');
      expect(await waited).toBe('resolved: just in time');
    }
    const reason = () => new Error('over');
    const waited = outcomeOf(unlessAborted(workOf.hangs(), stopped, { graceMs: 100, reason }));
    await vi.advanceTimersByTimeAsync(100);
    expect(await waited).toBe('rejected: over');
  });
});
