import type { DeadLetter } from '@spillway/dead-letters';
import { type AppliedMessage, audit, type LedgerSide } from '@spillway/ledger';
import { searchSink } from '@spillway/projector';
import { writerSink } from '@spillway/writer';
import { expect, it } from 'vitest';
import { type FactsSources, factsOf } from './collect-facts.ts';
import { RemovedDeadLetters } from './expired-dead-letters.ts';
import { type ReadLogSources, readLog } from './read-log.ts';
import type { Passed } from './unread-queues.ts';

const source = { epoch: 7, topic: 'otlp_logs', partition: 0 };
const of = { tenant: 'acme', signal: 'logs' as const, minute: 100, records: 1 };
const counts = { position: 0, stored: 0, duplicates: 0, deadLettered: 0, foreign: false };

const original = { gateway: 'gw-1', ...source, sequence: 1 };
const refused: AppliedMessage = { id: original, ...of, ...counts, deadLettered: 1 };
const stored: AppliedMessage = { id: original, ...of, ...counts, stored: 1 };
const sentBack: AppliedMessage = {
  ...stored,
  position: 9,
  id: { ...source, gateway: 'resubmit', epoch: 0, sequence: 5 },
};
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
function sourcesOf(notes: FactsSources['notes'], writer: LedgerSide): FactsSources {
  const accounts = [
    { sink: writerSink, side: writer },
    { sink: searchSink, side: side([stored], 1) },
  ];
  return { broker: { capabilities: { canReplay: true } }, notes, accounts };
}

async function* nothing(): AsyncGenerator<never> {}

it.each([
  ['was not sent back', [refused], 0, { stored: 0, deadLettered: 1 }],
  ['was sent back and not marked', [refused, sentBack], 1, { stored: 1, deadLettered: 0 }],
])('counts a dead letter once: it %s', async (_what, applied, rows, terms) => {
  const noted = { ...original, ...of, position: 0, notedMinute: 100 };
  const notes = { notedMessages: async () => [noted], refusedCounts: async () => [] };
  const sources = sourcesOf(notes, side(applied, rows));
  const log = {
    unreadNotes: [],
    notesInQueue: 0,
    spills: [],
    deadLetters: [deadLetter],
    resubmitted: [],
    expiredKept: new Map(),
    waiting: new Map(),
    lags: new Map(),
  };
  const removed = new RemovedDeadLetters(log.expiredKept);
  const known = { log, nowMs: 0, passed: new Map<string, Passed>(), removed };
  const report = audit(await factsOf(sources, known, { fromMinute: 0, toMinute: 200 }));
  expect(report.bySink.writer).toMatchObject({ accepted: 1, ...terms, unaccounted: 0 });
});

it('knows nothing rather than too little when not all dead letters can be listed', async () => {
  const deadLetters = new Array<DeadLetter>(100_000).fill(deadLetter);
  const sources: ReadLogSources = {
    broker: { name: 'silent', capabilities: {}, lag: async () => [], read: () => nothing() },
    notes: { notedSpills: async () => [] },
    deadLetters: { list: async () => deadLetters },
    accounts: [],
    noteGroup: 'ledger',
    liveSpills: () => [],
  };
  await expect(readLog(sources)).rejects.toThrow('more than 100000 dead letters of logs');
  deadLetters.pop();
  expect((await readLog(sources)).deadLetters).toHaveLength(99_999);
});

it.each([
  ['the log says that it removed it unread', 1, { expired: 1, unaccounted: 0 }],
  ['the group had passed it', 0, { expired: 0, unaccounted: 1 }],
])('tells the expired from the lost, once the log has neither: %s', async (_what, gone, terms) => {
  const noted = { ...original, ...of, position: 0, notedMinute: 100 };
  const notes = { notedMessages: async () => [noted], refusedCounts: async () => [] };
  const sources = sourcesOf(notes, side([], 0));
  const lag = { group: 'writer', topic: 'otlp_logs', partition: 0, start: 5, expired: gone };
  const log = {
    unreadNotes: [],
    notesInQueue: 0,
    spills: [],
    deadLetters: [],
    resubmitted: [],
    expiredKept: new Map(),
    waiting: new Map(),
    lags: new Map([['writer', [lag]]]),
  } as unknown as Parameters<typeof factsOf>[1]['log'];
  const removed = new RemovedDeadLetters(log.expiredKept);
  const known = { log, nowMs: 0, passed: new Map<string, Passed>(), removed };
  const report = audit(await factsOf(sources, known, { fromMinute: 0, toMinute: 200 }));
  expect(report.bySink.writer).toMatchObject({ accepted: 1, ...terms });
});

it.each([
  ['retention removed it', 1, { expired: 1, unaccounted: 0 }],
  ['it is gone, and retention did not remove it', 0, { expired: 0, unaccounted: 1 }],
])('accounts for a dead letter that is not there: %s', async (_what, before, terms) => {
  const noted = { ...original, ...of, position: 0, notedMinute: 100 };
  const notes = { notedMessages: async () => [noted], refusedCounts: async () => [] };
  const sources = sourcesOf(notes, side([refused], 0));
  const lag = { group: 'writer', topic: 'otlp_logs', partition: 0, start: 0, committed: 1 };
  const log = {
    unreadNotes: [],
    notesInQueue: 0,
    spills: [],
    deadLetters: [],
    resubmitted: [],
    expiredKept: new Map([['otlp_logs_dlq/0', { before, upToMs: 101 * 60_000 }]]),
    waiting: new Map(),
    lags: new Map([['writer', [lag]]]),
  } as unknown as Parameters<typeof factsOf>[1]['log'];
  const removed = new RemovedDeadLetters(log.expiredKept);
  const known = { log, nowMs: 0, passed: new Map<string, Passed>(), removed };
  const report = audit(await factsOf(sources, known, { fromMinute: 0, toMinute: 200 }));
  expect(report.bySink.writer).toMatchObject({ accepted: 1, stored: 0, deadLettered: 0, ...terms });
});
