import type { PartitionLag } from '@spillway/broker';
import type { DeadLetter } from '@spillway/dead-letters';
import {
  type AppliedMessage,
  AuditBooks,
  type LedgerReport,
  type LedgerSide,
  SpillIndex,
} from '@spillway/ledger';
import { searchSink } from '@spillway/projector';
import { writerSink } from '@spillway/writer';
import { expect, it } from 'vitest';
import { type FactsSources, factsOf, type Known } from './collect-facts.ts';
import { RemovedDeadLetters } from './expired-dead-letters.ts';
import { ExpiredMessages } from './expired-messages.ts';
import { LogSlice } from './log-slice.ts';
import { SentBack } from './sent-back.ts';

const source = { epoch: 7, topic: 'otlp_logs', partition: 0 };
const of = { tenant: 'acme', signal: 'logs' as const, minute: 100, records: 1 };
const counts = { position: 0, stored: 0, duplicates: 0, deadLettered: 0, foreign: false };
const range = { fromMinute: 0, toMinute: 200 };

const original = { gateway: 'gw-1', ...source, sequence: 1 };
const noted = { ...original, ...of, position: 0, notedMinute: 100 };
const refused: AppliedMessage = { id: original, ...of, ...counts, deadLettered: 1 };
const stored: AppliedMessage = { id: original, ...of, ...counts, stored: 1 };
const sentBack: AppliedMessage = {
  ...stored,
  position: 9,
  id: { ...source, gateway: 'resubmit', epoch: 0, sequence: 5 },
};
const place = { topic: 'otlp_logs_dlq', partition: 0, position: 5 };
const deadLetter = {
  id: 'logs/0/5',
  group: 'writer',
  sourceId: original,
  tenant: 'acme',
  signal: 'logs',
  records: 1,
  receivedMs: 100 * 60_000,
  resubmitted: false,
  source: { topic: 'otlp_logs', partition: 0, position: 0 },
} as DeadLetter;

const side = (applied: AppliedMessage[], rows: number): LedgerSide => ({
  appliedMessages: async () => applied,
  rowCounts: async () => [{ ...of, rows, retired: 0 }],
});

/** The writer as told, and a search store that has everything. */
function sourcesOf(writer: LedgerSide, notedMessages = [noted]): FactsSources {
  const accounts = [
    { sink: writerSink, side: writer },
    { sink: searchSink, side: side([stored], 1) },
  ];
  const notes = { notedMessages: async () => notedMessages };
  return { broker: { capabilities: { canReplay: true } }, notes, accounts };
}

function knownOf(
  lags: PartitionLag[] = [],
  census: Partial<Known['survey']['census']> = {},
  removed = new RemovedDeadLetters(new Map()),
) {
  const slice = new LogSlice(range, ['writer', 'search'], 1_048_576);
  const survey = {
    census: { isRepeated: () => false, isResubmitted: () => false, ...census },
    lags: new Map([['writer', lags]]),
    spillIndex: new SpillIndex([]),
  };
  const [passed, expired] = [new Map(), new ExpiredMessages()];
  const sentBack = new SentBack(removed);
  return { survey, slice, passed, sentBack, expired, removed, rowsMax: 100 };
}

async function audit(sources: FactsSources, known: Known): Promise<LedgerReport> {
  const books = new AuditBooks(sources.accounts.map(({ sink }) => sink));
  const facts = await factsOf(sources, known, range);
  if (!facts) throw new Error('too many');
  books.add(facts);
  const rows = new Map();
  for (const { sink, side } of sources.accounts) rows.set(sink.name, await side.rowCounts(range));
  return books.close({ rows, refused: [], spills: [] });
}

it.each([
  ['was not sent back', [refused], {}, 0, { stored: 0, deadLettered: 1 }],
  ['was sent back and not marked', [refused, sentBack], {}, 1, { stored: 1, deadLettered: 0 }],
  [
    'was sent back and marked',
    [refused, sentBack],
    { isResubmitted: () => true },
    1,
    { stored: 1, deadLettered: 0 },
  ],
])('counts a dead letter once: it %s', async (_what, applied, census, rows, terms) => {
  const known = knownOf([], census);
  known.slice.addDeadLetter(deadLetter, place);
  const report = await audit(sourcesOf(side(applied, rows)), known);
  expect(report.bySink.writer).toMatchObject({ accepted: 1, ...terms, unaccounted: 0 });
});

it('counts a dead letter once: it waits again and is not marked', async () => {
  const known = knownOf();
  known.slice.addDeadLetter(deadLetter, place);
  known.slice.addWaiting('writer', { ...of, id: sentBack.id });
  const report = await audit(sourcesOf(side([refused], 0)), known);
  expect(report.bySink.writer).toMatchObject({ waiting: 1, deadLettered: 0, unaccounted: 0 });
});

it('leaves out a dead letter that is there again', async () => {
  const known = knownOf([], { isRepeated: ({ position }) => position > 5 });
  known.slice.addDeadLetter(deadLetter, place);
  known.slice.addDeadLetter(deadLetter, { ...place, position: 6 });
  const report = await audit(sourcesOf(side([refused], 0)), known);
  expect(report.bySink.writer).toMatchObject({ deadLettered: 1, unaccounted: 0 });
});

it.each([
  ['the log says that it removed it unread', 1, { expired: 1, unaccounted: 0 }],
  ['the group had passed it', 0, { expired: 0, unaccounted: 1 }],
])('tells the expired from the lost, once the log has neither: %s', async (_what, gone, terms) => {
  const lag = { group: 'writer', topic: 'otlp_logs', partition: 0, start: 5, expired: gone };
  const known = knownOf([lag as PartitionLag]);
  const report = await audit(sourcesOf(side([], 0)), known);
  expect(report.bySink.writer).toMatchObject({ accepted: 1, ...terms });
});

it('takes no more for expired, over all ranges, than the log says it removed unread', async () => {
  const lag = { group: 'writer', topic: 'otlp_logs', partition: 0, start: 5, expired: 1 };
  const known = knownOf([lag as PartitionLag]);
  const other = { ...noted, sequence: 2, position: 1 };
  const first = await audit(sourcesOf(side([], 0)), known);
  const second = await audit(sourcesOf(side([], 0), [other]), known);
  expect(first.bySink.writer).toMatchObject({ expired: 1, unaccounted: 0 });
  expect(second.bySink.writer).toMatchObject({ expired: 0 });
  const hole = expect.objectContaining({ sink: 'writer', sequence: 2 });
  expect(second.holes).toContainEqual(hole);
});

it('knows nothing rather than too little when there is more than may be known at once', async () => {
  const known = knownOf();
  known.slice.addDeadLetter(deadLetter, place);
  const sources = sourcesOf(side([refused, sentBack], 1));
  // Noted once, applied three times, and a dead letter.
  expect(await factsOf(sources, { ...known, rowsMax: 5 }, range)).toBeDefined();
  expect(await factsOf(sources, { ...known, rowsMax: 4 }, range)).toBeUndefined();
});

it.each([
  ['retention removed it', 1, { expired: 1, unaccounted: 0 }],
  ['it is gone, and retention did not remove it', 0, { expired: 0, unaccounted: 1 }],
])('accounts for a dead letter that is not there: %s', async (_what, before, terms) => {
  const lag = { group: 'writer', topic: 'otlp_logs', partition: 0, start: 0, committed: 1 };
  const upToMs = 101 * 60_000;
  const removed = new RemovedDeadLetters(new Map([['otlp_logs_dlq/0', { before, upToMs }]]));
  const known = knownOf([lag as PartitionLag], {}, removed);
  const report = await audit(sourcesOf(side([refused], 0)), known);
  expect(report.bySink.writer).toMatchObject({ accepted: 1, stored: 0, deadLettered: 0, ...terms });
});
