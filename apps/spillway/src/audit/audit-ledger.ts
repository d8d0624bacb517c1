import {
  audit,
  type LedgerReport,
  mergeReports,
  minuteOf,
  missingNotes,
  settled,
} from '@spillway/ledger';
import { messageOf, sleep } from '@spillway/resilience';
import { isStoreError, tooMuchAsked } from '@spillway/store';
import { exitCodes } from '../cli/exit-codes.ts';
import { OperationError } from '../cli/operation-error.ts';
import type { AuditSources } from './audit-sources.ts';
import { factsOf } from './collect-facts.ts';
import { RemovedDeadLetters } from './expired-dead-letters.ts';
import { readLog } from './read-log.ts';
import { Passed } from './unread-queues.ts';
import { afterLastMinute, windowsOf } from './windows.ts';

export interface AuditOptions {
  /** First minute of acceptance, ms since the epoch; all that is kept when undefined. */
  sinceMs?: number | undefined;
  tenant?: string | undefined;
  /** Ends it; the answer is then the reason of the signal. */
  ending?: AbortSignal | undefined;
  /** Throws `too-much-asked` where more messages wait for a group. Default 5,000,000. */
  waitingMax?: number | undefined;
  /** Of which all is known at once. Throws `too-much-asked` where a minute alone has more. */
  messagesMax?: number | undefined;
}

/** Beyond its retention a store keeps the account of a day. */
const keptBeyondMinutes = 24 * 60;
/** How long a batch in flight gets to be seen by both looks, before a difference is believed. */
const secondLookMs = 750;

/**
 * Reads what the gateways, the spills, the log and the stores know, and adds it up. Where it does
 * not add up it looks a second time, since a running system moves between two reads.
 * @throws OperationError when a broker or a store does not answer: then nothing can be said
 */
export async function auditLedger(
  sources: AuditSources,
  options: AuditOptions,
): Promise<LedgerReport> {
  try {
    const first = await auditOnce(sources, options);
    if (isClean(first)) return first;
    await sleep(secondLookMs, options.ending);
    options.ending?.throwIfAborted();
    return settled(first, await auditOnce(sources, options));
  } catch (error) {
    options.ending?.throwIfAborted();
    if (options.ending && isStoreError(error, 'too-much-asked')) throw error;
    const message = `the ledger cannot be computed now: ${messageOf(error)}`;
    throw new OperationError(message, { cause: error, exitCode: exitCodes.unknown.code });
  }
}

/** A missing note may have named what is lost, and so may a store that was set aside. */
export function isClean({ totals, missingNotes, keptAside }: LedgerReport): boolean {
  return totals.unaccounted === 0 && missingNotes.length === 0 && keptAside.length === 0;
}

async function auditOnce(
  sources: AuditSources,
  { sinceMs, tenant, ending, waitingMax, messagesMax = Number.POSITIVE_INFINITY }: AuditOptions,
): Promise<LedgerReport> {
  const { broker, notes, accounts, retentionHours } = sources;
  const sinks = accounts.map(({ sink }) => sink);
  const nowMs = Date.now();
  const log = await readLog(sources, { ending, waitingMax });
  const nextMinute = minuteOf(nowMs) + 1;
  // The clock may have stepped back since.
  const toMinute = await afterLastMinute(sources, log, { nextMinute, tenant, ending });
  const keptMinutes = Math.ceil(retentionHours * 60) + keptBeyondMinutes;
  const sinceMinute = sinceMs === undefined ? 0 : minuteOf(sinceMs);
  const fromMinute = Math.max(sinceMinute, nextMinute - keptMinutes);
  const range = { fromMinute, toMinute, tenant, ending };
  const passed = new Map(sinks.map(({ name }) => [name, new Passed()]));
  const removed = new RemovedDeadLetters(log.expiredKept);
  const known = { log, nowMs, passed, removed };
  // Where every tenant's messages are read, theirs count.
  const wide = broker.capabilities.canReplay ? range : { ...range, tenant: undefined };
  const counts = await notes.notedCounts(wide);
  let report = mergeReports([], sinks);
  // Of what lies ahead only the few minutes count that a clock dated, in a gap that may be years.
  const ahead = { ...range, fromMinute: Math.max(fromMinute, nextMinute) };
  const past = { ...range, toMinute: nextMinute };
  const fullest = counts.reduce((most, { messages }) => Math.max(most, messages), 0);
  if (fullest > messagesMax) throw tooMuchAsked(`${fullest} messages in one minute`);
  const windows = [
    ...windowsOf(ahead, counts, { minutesMax: Number.POSITIVE_INFINITY, messagesMax }),
    ...windowsOf(past, counts, { messagesMax }),
  ];
  for (const window of windows) {
    ending?.throwIfAborted();
    report = mergeReports([audit(await factsOf(sources, known, window)), report], sinks);
  }
  const missing = missingNotes(await notes.keptNotes({ ending }), log.unreadNotes);
  report.missingNotes.push(...missing.filter(({ minute }) => minute >= fromMinute));
  report.unreadNotes = log.notesInQueue;
  report.keptAside = await sources.keptAside();
  return report;
}
