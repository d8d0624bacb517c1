import type { PartitionLag } from '@spillway/broker';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Freshness } from './freshness.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

it('waits once for a broker that does not answer, and hears of it when it does', async () => {
  let answers = false;
  const lag = () => (answers ? Promise.resolve([]) : new Promise<PartitionLag[]>(() => undefined));
  const groups = { writer: 'writer', search: 'search', live: 'live' };
  const freshness = new Freshness({ broker: { lag }, groups, clock: Date.now });
  const unknown = { writer: undefined, search: undefined, live: undefined };
  const first = freshness.lags();
  await vi.advanceTimersByTimeAsync(2_000);
  expect(await first).toEqual(unknown);
  // No timer moves here: an answer that waited for the broker would never come.
  expect(await freshness.lags()).toEqual(unknown);
  answers = true;
  await vi.advanceTimersByTimeAsync(1_000);
  expect(await freshness.lags()).toEqual(unknown);
  await vi.advanceTimersByTimeAsync(0);
  expect(await freshness.lags()).toEqual({ writer: [], search: [], live: [] });
});
