import { type LedgerReport, mergeReports } from '@spillway/ledger';
import { chromiumPath } from '@spillway/test-support/chromium';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type AllFacts, auditOnce } from '../../../packages/ledger/test/audit-once.ts';
import type { ReadLedger } from '../src/ports.ts';
import { accessibilityProblems } from './support/browser.ts';
import { PageUnderTest } from './support/page-under-test.ts';
import { sinks } from './support/sinks.ts';

const accounted = sinks.filter(({ name }) => name !== 'live');

const minute = Date.UTC(2026, 10, 23, 10, 5) / 60_000;
const place = { topic: 'otlp_spans', partition: 3 };

/** Ten messages of ten spans a minute, of which one is nowhere, one spilled, one in a queue. */
function troubled(): LedgerReport {
  const noted = Array.from({ length: 1_000 }, (_, n) => ({
    gateway: 'gw-1',
    epoch: 7,
    ...place,
    sequence: n + 1,
    position: n,
    tenant: 'default',
    signal: 'traces' as const,
    records: 10,
    minute: minute - Math.floor(n / 10),
  }));
  const seen = noted.map((message) => {
    const { gateway, epoch, topic, partition, sequence, ...rest } = message;
    return { ...rest, id: { gateway, epoch, topic, partition, sequence } };
  });
  const [lost, spilled, undecided, ...well] = seen;
  if (!lost || !spilled || !undecided) throw new Error('too few');
  const counts = { stored: 10, duplicates: 0, deadLettered: 0, foreign: false };
  const side = {
    applied: well.map((message) => ({ ...message, ...counts })),
    rows: Array.from({ length: 100 }, (_, n) => {
      const of = { tenant: 'default', signal: 'traces' as const, minute: minute - n, retired: 0 };
      return { ...of, rows: n === 0 ? 70 : n === 4 ? 93 : 100 };
    }),
    waiting: [],
    deadLetters: [],
    expired: [],
    undecided: [undecided],
  };
  const atMs = minute * 60_000;
  const facts: AllFacts = {
    noted,
    refused: [{ tenant: 'default', signal: 'logs', minute, records: 12 }],
    spilled: [{ ...spilled, spill: 'spill-a' }],
    spills: [{ spill: 'spill-a', lastGateway: 'gw-2', atMs, isSilent: true }],
    sinks: accounted.map((sink) => ({ sink, ...side })),
  };
  const report = mergeReports([auditOnce(facts)], accounted);
  report.missingNotes.push({ gateway: 'gw-1', epoch: 7, from: 4, to: 5, minute });
  return report;
}

describe.skipIf(!chromiumPath)('the ledger page', () => {
  const tested = new PageUnderTest();
  let asked: Parameters<ReadLedger>[0][] = [];
  let answer: () => Promise<LedgerReport>;
  beforeAll(async () => {
    const ledger: ReadLedger = (question) => {
      asked.push(question);
      return answer();
    };
    await tested.start({ messages: [], options: { ledger } });
  });
  afterEach(async () => {
    asked = [];
    await tested.leave();
  });
  afterAll(() => tested.stop());

  it.each([
    { name: 'light', options: {} },
    { name: 'dark', options: { dark: true } },
    { name: '390 pixels', options: { width: 390, height: 780 } },
  ])('names in $name what is lost, open and spilled, and can be read by all', async (view) => {
    answer = async () => troubled();
    const { page, problems } = await tested.visit('/ledger', view.options);
    await page.getByText('34 records unaccounted for').waitFor();
    await page.getByText("a gateway's note is missing").waitFor();
    const section = (name: string) => page.getByRole('region', { name, exact: true });
    const textOf = async (name: string) => (await section(name).innerText()).replace(/\s+/g, ' ');
    expect(await textOf('Messages that are nowhere')).toContain('gw-1/7 otlp_spans/3 sequence 1');
    expect(await textOf('Rows that should be there')).toContain('2026-11-23 10:01');
    expect(await textOf('Open minutes')).toContain('in a queue that cannot be read, or lost');
    expect(await textOf('Spills that wait for their broker or owner')).toContain(
      'spill-a 10 records in 1 message, last noted by gw-2 at 2026-11-23 10:05:00: bring',
    );
    expect(await textOf('Notes that never came')).toContain('gw-1/7 notes 4 to 5');
    expect(await textOf('The sum')).toContain('=difference 17 17');
    const minutes = section('Minutes').locator('tbody tr');
    expect(await minutes.nth(0).locator('td').nth(2).innerText()).toBe('20');
    expect(await minutes.nth(1).locator('td').nth(2).innerText()).toBe('14');
    expect(await minutes.count()).toBe(50);
    await section('Minutes').getByRole('button', { name: 'Show more' }).click();
    expect(await minutes.count()).toBe(101);
    expect(await accessibilityProblems(page)).toEqual([]);
    const width = await page.evaluate<number>('document.documentElement.scrollWidth');
    expect(width).toBeLessThanOrEqual(view.options.width ?? 1280);
    expect(problems).toEqual([]);
  });

  it('keeps its filters in the address, and asks again on a refresh', async () => {
    answer = async () => troubled();
    const { page } = await tested.visit('/ledger?signal=logs');
    await page.getByText('Nothing').or(page.getByText('every accepted')).first().waitFor();
    expect(await page.getByText('sequence 1').count()).toBe(0);
    await page.getByLabel('Accepted in').selectOption('now-1h');
    await page.waitForURL(/since=now-1h/);
    // One of before may still come.
    const hours = () => Math.round((Date.now() - (asked.at(-1)?.since ?? 0)) / 3_600_000);
    await expect.poll(hours).toBe(1);
    await page.getByLabel('Signal').selectOption('');
    await page.getByText('34 records unaccounted for').waitFor();
    answer = async () => mergeReports([], accounted);
    await page.keyboard.press('r');
    await page.getByText('Nothing was accepted in this time.').waitFor();
  });

  it('says when nothing can be known, and lets one try again', async () => {
    answer = () => Promise.reject(new Error('the broker is away'));
    const { page } = await tested.visit('/ledger?since=all');
    await page.getByText('The ledger could not be read').waitFor();
    // One of the page before may have come first.
    expect(asked.map(({ since }) => since)).toContain(undefined);
    answer = async () => troubled();
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByText('34 records unaccounted for').waitFor();
  });
});
