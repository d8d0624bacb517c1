import { setTimeout as sleep } from 'node:timers/promises';
import { audit, type LedgerReport, mergeReports, missingNotes, settled } from '@spillway/ledger';
import { TooMuchAskedError } from '@spillway/store';
import { exitCodes } from '../cli/exit-codes.ts';
import { OperationError } from '../cli/operation-error.ts';
import { keptAside } from '../folder/set-aside-notes.ts';
import type { Parts } from '../parts.ts';
import { factsOf } from './collect-facts.ts';
import { minuteMs, readLog } from './read-log.ts';
import { Passed } from './unread-queues.ts';
import { afterLastMinute, windowsOf } from './windows.ts';

export interface AuditOptions {
  /** First minute of acceptance, ms since the epoch; all that is kept when undefined. */
  sinceMs?: number | undefined;
  tenant?: string | undefined;
  /** Ends it; the answer is then the reason of the signal. */
  ending?: AbortSignal | undefined;
  /** Throws `TooMuchAskedError` where more messages wait for a group. Default 5,000,000. */
  waitingMax?: number | undefined;
  /**
   * Most messages about which everything is known at once. Throws `TooMuchAskedError` where a
   * minute alone has more.
   */
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
export async function auditLedger(parts: Parts, options: AuditOptions): Promise<LedgerReport> {
  try {
    const first = await auditOnce(parts, options);
    if (isClean(first)) return first;
    await sleep(secondLookMs, undefined, { signal: options.ending });
    return settled(first, await auditOnce(parts, options));
  } catch (error) {
    options.ending?.throwIfAborted();
    if (options.ending && error instanceof TooMuchAskedError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    const message = `the ledger cannot be computed now: ${why}`;
    throw new OperationError(message, { cause: error, exitCode: exitCodes.unknown.code });
  }
}

/** A missing note may have named what is lost, and so may a store that was set aside. */
export function isClean({ totals, missingNotes, keptAside }: LedgerReport): boolean {
  return totals.unaccounted === 0 && missingNotes.length === 0 && keptAside.length === 0;
}

async function auditOnce(
  parts: Parts,
  { sinceMs, tenant, ending, waitingMax, messagesMax = Number.POSITIVE_INFINITY }: AuditOptions,
): Promise<LedgerReport> {
  const { broker, config, writeStore } = parts;
  const nowMs = Date.now();
  const log = await readLog(parts, { ending, waitingMax });
  const nextMinute = Math.floor(nowMs / minuteMs) + 1;
  // The clock may have stepped back since.
  const toMinute = await afterLastMinute(parts, log, { nextMinute, tenant, ending });
  const keptMinutes = Math.ceil(config.writer.retentionHours * 60) + keptBeyondMinutes;
  const sinceMinute = sinceMs === undefined ? 0 : Math.floor(sinceMs / minuteMs);
  const fromMinute = Math.max(sinceMinute, nextMinute - keptMinutes);
  const range = { fromMinute, toMinute, tenant, ending };
  const known = { log, nowMs, passed: { writer: new Passed(), search: new Passed() } };
  // Where every tenant's messages are read, theirs count.
  const wide = broker.canReplay ? range : { ...range, tenant: undefined };
  const counts = await writeStore.notedCounts(wide);
  let report = mergeReports([]);
  // Of what lies ahead only the few minutes count that a clock dated, in a gap that may be years.
  const ahead = { ...range, fromMinute: Math.max(fromMinute, nextMinute) };
  const past = { ...range, toMinute: nextMinute };
  const fullest = counts.reduce((most, { messages }) => Math.max(most, messages), 0);
  if (fullest > messagesMax) throw new TooMuchAskedError(`${fullest} messages in one minute`);
  const windows = [
    ...windowsOf(ahead, counts, { minutesMax: Number.POSITIVE_INFINITY, messagesMax }),
    ...windowsOf(past, counts, { messagesMax }),
  ];
  for (const window of windows) {
    ending?.throwIfAborted();
    report = mergeReports([audit(await factsOf(parts, known, window)), report]);
  }
  const missing = missingNotes(await writeStore.keptNotes({ ending }), log.unreadNotes);
  report.missingNotes.push(...missing.filter(({ minute }) => minute >= fromMinute));
  report.unreadNotes = log.notesInQueue;
  report.keptAside = await keptAside(parts.folder.dir);
  return report;
}
