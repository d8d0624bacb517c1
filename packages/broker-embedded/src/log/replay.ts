/** Reading the log without a group, and where a replay begins. */
import type { DeliveredMessage, ReplayFrom } from '@spillway/broker';
import type { Log } from './logs.ts';
import { decodeMessage } from './message.ts';

const readBytesMax = 1024 * 1024;

/** Finds where a replay begins in a partition; undefined where it leaves the partition alone. */
export async function replayStart(
  { journal, topic, partition }: Log,
  from: ReplayFrom,
): Promise<number | undefined> {
  if (from === 'earliest') return journal.start;
  if ('timestampMs' in from) return journal.sequenceAt(from.timestampMs);
  const wanted = from.positions.find((at) => at.topic === topic && at.partition === partition);
  return wanted && Math.min(Math.max(wanted.position, journal.start), journal.end);
}

export async function* readLog(
  log: Log,
  options: { from: number; end: number; abort?: AbortSignal; bytesMax?: number },
): AsyncGenerator<DeliveredMessage> {
  const { end, abort, bytesMax = readBytesMax } = options;
  for (let at = options.from; at < end; ) {
    abort?.throwIfAborted();
    const { entries, next } = await log.journal.read(at, { bytesMax });
    if (next === at) return;
    for (const entry of entries) if (entry.sequence < end) yield decodeMessage(entry, log);
    at = next;
  }
}
