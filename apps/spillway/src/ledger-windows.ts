import type { MinuteRange } from '@spillway/store';

/** Messages whose account is in memory at once, unless one minute has more. */
const messagesPerWindow = 20_000;
const windowMinutesMax = 24 * 60;

/** Parts of the range, the latest first, so that memory is bounded however long it is. */
export function* windowsOf(
  range: MinuteRange,
  counts: readonly { minute: number; messages: number }[],
): Generator<MinuteRange> {
  const messagesOf = new Map(counts.map(({ minute, messages }) => [minute, messages]));
  let toMinute = range.toMinute;
  let messages = 0;
  for (let minute = toMinute - 1; minute >= range.fromMinute; minute--) {
    const here = messagesOf.get(minute) ?? 0;
    const isFull = messages + here > messagesPerWindow || toMinute - minute > windowMinutesMax;
    if (isFull && minute + 1 < toMinute) {
      yield { ...range, fromMinute: minute + 1, toMinute };
      toMinute = minute + 1;
      messages = 0;
    }
    messages += here;
  }
  if (toMinute > range.fromMinute) yield { ...range, toMinute };
}
