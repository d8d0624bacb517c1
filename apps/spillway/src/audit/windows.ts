import type { MinuteRange } from '@spillway/ledger';
import type { AuditSources } from './audit-sources.ts';
import type { LogSurvey } from './log-survey.ts';

/** Messages whose account is in memory at once, unless one minute has more. */
const messagesPerWindow = 20_000;
const windowMinutesMax = 24 * 60;
/** A clock that was further ahead than this dated what no audit walks through. */
const aheadMinutesMax = 10 * 366 * 24 * 60;

/**
 * Parts of the range, the latest first, so that memory is bounded however long it is.
 * @param limits of one part: `minutesMax`, since what has no note counts, too
 */
export function* windowsOf(
  range: MinuteRange,
  counts: readonly { minute: number; messages: number }[],
  limits: { minutesMax?: number | undefined; messagesMax?: number } = {},
): Generator<MinuteRange> {
  const { minutesMax = windowMinutesMax } = limits;
  const messagesMax = Math.min(limits.messagesMax ?? messagesPerWindow, messagesPerWindow);
  const messagesOf = new Map(counts.map(({ minute, messages }) => [minute, messages]));
  let toMinute = range.toMinute;
  let messages = 0;
  for (let minute = toMinute - 1; minute >= range.fromMinute; minute--) {
    const here = messagesOf.get(minute) ?? 0;
    const isFull = messages + here > messagesMax || toMinute - minute > minutesMax;
    if (isFull && minute + 1 < toMinute) {
      yield { ...range, fromMinute: minute + 1, toMinute };
      toMinute = minute + 1;
      messages = 0;
    }
    messages += here;
  }
  if (toMinute > range.fromMinute) yield { ...range, toMinute };
}

/** The minute behind the last one that an audit walks to, whatever is dated there. */
export function lastMinuteWalked(nextMinute: number): number {
  return nextMinute + aheadMinutesMax;
}

/**
 * After a clock stepped back, what was accepted before is dated in the future; an audit that ended
 * with this minute would leave it out until its time comes. Answers the first minute of which
 * nothing is known, at least `nextMinute`, which is the one after the current.
 */
export async function afterLastMinute(
  { notes }: { notes: Pick<AuditSources['notes'], 'notedCounts' | 'rowCounts'> },
  survey: Pick<LogSurvey, 'lastMinute'>,
  { nextMinute, ...asked }: { nextMinute: number } & Pick<MinuteRange, 'tenant' | 'ending'>,
): Promise<number> {
  const toMinute = lastMinuteWalked(nextMinute);
  const range = { fromMinute: nextMinute, toMinute, ...asked };
  let last = Math.max(nextMinute - 1, survey.lastMinute);
  const see = ({ minute }: { minute: number }): void => {
    if (minute > last && minute < toMinute) last = minute;
  };
  for (const each of await notes.notedCounts(range)) see(each);
  for (const each of await notes.rowCounts(range)) see(each);
  return last + 1;
}
