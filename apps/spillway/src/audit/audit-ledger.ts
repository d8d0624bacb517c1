import { type LedgerReport, minuteOf, missingNotes, settled } from '@spillway/ledger';
import { messageOf, sleep } from '@spillway/resilience';
import { isStoreError } from '@spillway/store';
import { exitCodes } from '../cli/exit-codes.ts';
import { OperationError } from '../cli/operation-error.ts';
import type { AuditSources } from './audit-sources.ts';
import { ledgerRoom } from './ledger-room.ts';
import { LogSurvey } from './log-survey.ts';
import { Look } from './look.ts';
import { afterLastMinute, lastMinuteWalked } from './windows.ts';

/** What an audit covers, and how much it may read and hold. */
export interface AuditOptions {
  /** First minute of acceptance, ms since the epoch; all that is kept when undefined. */
  sinceMs?: number | undefined;
  tenant?: string | undefined;
  /** Ends the audit, which then throws the reason of the signal. */
  ending?: AbortSignal | undefined;
  /** Memory that it may take, whatever there is to be read. */
  bytesMax: number;
}

/** Beyond its retention a store keeps the account of a day. */
const keptBeyondMinutes = 24 * 60;
/** How long a batch in flight gets to be seen by both looks, before a difference is believed. */
const secondLookMs = 750;

/**
 * Reads what the gateways, the spills, the log and the stores know, and adds it up. Where it does
 * not add up it looks a second time, since a running system moves between two reads.
 * @throws OperationError when a broker or a store does not answer: then nothing can be said
 * @throws StoreError `too-much-asked` when even a part of one minute does not fit into `bytesMax`
 */
export async function auditLedger(
  sources: AuditSources,
  options: AuditOptions,
): Promise<LedgerReport> {
  const leave = await sources.turns.enter('audit', options.ending);
  try {
    const first = await auditOnce(sources, options);
    if (isClean(first)) return first;
    await sleep(secondLookMs, options.ending);
    options.ending?.throwIfAborted();
    return settled(first, await auditOnce(sources, options));
  } catch (error) {
    options.ending?.throwIfAborted();
    if (isStoreError(error, 'too-much-asked')) throw error;
    const message = `the ledger cannot be computed now: ${messageOf(error)}`;
    throw new OperationError(message, { cause: error, exitCode: exitCodes.unknown.code });
  } finally {
    leave();
  }
}

/**
 * Whether every record is accounted for. It is not where a note is missing or a store was set
 * aside, since either may have held what is lost.
 */
export function isClean({ totals, missingNotes, keptAside }: LedgerReport): boolean {
  return totals.unaccounted === 0 && missingNotes.length === 0 && keptAside.length === 0;
}

async function auditOnce(
  sources: AuditSources,
  { sinceMs, tenant, ending, bytesMax }: AuditOptions,
): Promise<LedgerReport> {
  const { broker, notes, retentionHours } = sources;
  const room = ledgerRoom(bytesMax);
  const nowMs = Date.now();
  const nextMinute = minuteOf(nowMs) + 1;
  const keptMinutes = Math.ceil(retentionHours * 60) + keptBeyondMinutes;
  const sinceMinute = sinceMs === undefined ? 0 : minuteOf(sinceMs);
  const fromMinute = Math.max(sinceMinute, nextMinute - keptMinutes);
  const wanted = { fromMinute, toMinute: lastMinuteWalked(nextMinute), tenant, ending };
  const survey = await LogSurvey.take(sources, { wanted, room });
  // The clock may have stepped back since.
  const toMinute = await afterLastMinute(sources, survey, { nextMinute, tenant, ending });
  const range = { fromMinute, toMinute, tenant, ending };
  // Where every tenant's messages are read, theirs count.
  const wide = broker.capabilities.canReplay ? range : { ...range, tenant: undefined };
  const counts = await notes.notedCounts(wide);
  const look = new Look(sources, { survey, counts, nowMs, rowsMax: room.rowsMax });
  // Of what lies ahead only the few minutes count that a clock dated, in a gap that may be years.
  const ahead = { ...range, fromMinute: Math.max(fromMinute, nextMinute) };
  await look.audit(ahead, Number.POSITIVE_INFINITY);
  await look.audit({ ...range, toMinute: nextMinute });
  const { report } = look;
  const missing = missingNotes(await notes.keptNotes({ ending }), survey.noteRuns);
  report.missingNotes.push(...missing.filter(({ minute }) => minute >= fromMinute));
  report.unreadNotes = survey.notesInQueue;
  report.keptAside = await sources.keptAside();
  return report;
}
