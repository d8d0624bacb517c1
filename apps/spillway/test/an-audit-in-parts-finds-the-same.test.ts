import { type LedgerReport, minuteOf } from '@spillway/ledger';
import { expect, it, vi } from 'vitest';
import { auditLedger } from '../src/audit/audit-ledger.ts';
import { MadeUpLedger } from './support/made-up-ledger.ts';

const messages = 300;

/** Without the order in which it was found. */
function sorted(report: LedgerReport) {
  const text = (each: unknown) => JSON.stringify(each);
  const lists = Object.entries(report).map(([name, value]) => {
    return [name, Array.isArray(value) ? value.map(text).sort() : value] as const;
  });
  return Object.fromEntries(lists);
}

/** Mulberry32. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const seeds = [1, 2, 3, 4];
const cases = seeds.flatMap((seed) => [
  { seed, canReplay: true, tenant: undefined },
  { seed, canReplay: seed % 2 === 0, tenant: 'acme' },
  { seed, canReplay: false, tenant: undefined },
]);

it.each(cases)('of $seed, tenant $tenant, log to be read: $canReplay', async (told) => {
  vi.useFakeTimers({ toFake: ['Date'], now: 1_764_000_000_000 });
  const { seed, canReplay, tenant } = told;
  const nowMinute = minuteOf(Date.now());
  const ledger = new MadeUpLedger(messages, { random: randomOf(seed), nowMinute });
  const sources = ledger.sources(canReplay);
  const whole = await auditLedger(sources, { bytesMax: 64 * 1_048_576, tenant });
  expect(whole.totals).toMatchObject({ accepted: expect.any(Number) });
  expect(Object.values(whole.totals).every(Number.isSafeInteger)).toBe(true);
  expect(whole.holes.length).toBeGreaterThan(0);
  const reads = ledger.reads;
  ledger.mostAsked = 0;
  const inParts = await auditLedger(sources, { bytesMax: 130_000, tenant });
  expect(sorted(inParts)).toEqual(sorted(whole));
  // Neither the messages nor, where it can be read, the log were in memory at once.
  expect(ledger.mostAsked).toBeLessThan(messages / 4);
  if (canReplay && !tenant) expect(ledger.reads - reads).toBeGreaterThan(2 * reads);
  vi.useRealTimers();
});
