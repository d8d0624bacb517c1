import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Breaker, type BreakerEvent, type BreakerOptions } from './breaker.ts';

type Outcome = 'good' | 'bad' | 'open';

const verdict = {
  failed: (outcome: Outcome) => outcome === 'bad',
  whenOpen: (): Outcome => 'open',
};

function breakerWith(more: Partial<BreakerOptions> = {}) {
  const events: BreakerEvent['type'][] = [];
  const breaker = new Breaker({
    name: 'broker',
    failuresPercentMax: 50,
    callsMin: 3,
    windowMs: 10_000,
    resetMs: 1000,
    report: ({ type }) => events.push(type),
    ...more,
  });
  const call = (outcome: Outcome): Promise<Outcome> =>
    breaker.run(() => Promise.resolve(outcome), verdict);
  return { breaker, events, call };
}

describe('Breaker', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('opens after the share of failures, lets one call try, and closes when that is good', async () => {
    const { breaker, events, call } = breakerWith();
    const outcomes = [];
    for (const outcome of ['good', 'bad', 'bad', 'good'] as const) {
      outcomes.push(await call(outcome));
    }
    expect(outcomes).toEqual(['good', 'bad', 'bad', 'open']);
    expect(breaker.state).toBe('open');
    await vi.advanceTimersByTimeAsync(1000);
    expect(breaker.state).toBe('half-open');
    const probe = call('good');
    expect(breaker.admits).toBe(false);
    expect(await call('good')).toBe('open');
    expect(await probe).toBe('good');
    expect(breaker.state).toBe('closed');
    expect(events).toEqual(['breaker-opened', 'breaker-half-open', 'breaker-closed']);
    expect(breaker.stats()).toEqual({
      state: 'closed',
      calls: 4,
      failures: 2,
      rejected: 2,
      opened: 1,
    });
    breaker.stop();
  });

  it('opens again for the whole time when the one that tries fails', async () => {
    const { breaker, events, call } = breakerWith();
    for (let i = 0; i < 3; i++) await call('bad');
    await vi.advanceTimersByTimeAsync(1000);
    expect(await call('bad')).toBe('bad');
    await vi.advanceTimersByTimeAsync(999);
    expect(breaker.state).toBe('open');
    await vi.advanceTimersByTimeAsync(1);
    expect(breaker.state).toBe('half-open');
    expect(events).toEqual([
      'breaker-opened',
      'breaker-half-open',
      'breaker-opened',
      'breaker-half-open',
    ]);
    breaker.stop();
  });

  it('stays closed below its volume, and forgets failures with the window', async () => {
    const { breaker, call } = breakerWith();
    await call('bad');
    await call('bad');
    expect(breaker.state).toBe('closed');
    await vi.advanceTimersByTimeAsync(11_000);
    await call('bad');
    await call('good');
    expect(breaker.state).toBe('closed');
    breaker.stop();
  });

  it('opens after failures in a row, however many calls went well before', async () => {
    const { breaker, call } = breakerWith({ failuresInRowMax: 2 });
    for (let i = 0; i < 100; i++) await call('good');
    for (const outcome of ['bad', 'good', 'bad'] as const) await call(outcome);
    expect(breaker.state).toBe('closed');
    await call('bad');
    expect(breaker.state).toBe('open');
    breaker.stop();
  });

  it('counts what throws as a failure, and throws it on', async () => {
    const { breaker } = breakerWith({ callsMin: 1 });
    const thrown = breaker.run<Outcome>(() => Promise.reject(new RangeError('a bug')), verdict);
    await expect(thrown).rejects.toThrow(RangeError);
    expect(breaker.state).toBe('open');
    breaker.stop();
  });
});
