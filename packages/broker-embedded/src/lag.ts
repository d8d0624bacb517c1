import type { PartitionLag } from '@spillway/broker';
import type { Log } from './logs.ts';
import type { Offset } from './offsets.ts';

/** Lost and skipped positions are not lag: only what a poll would deliver is counted. */
export async function lagOf(
  group: string,
  { topic, partition, journal }: Log,
  { offset, nowMs }: { offset: Offset; nowMs: number },
): Promise<PartitionLag> {
  const { start, end } = journal;
  const committed = Math.max(offset.committed, start);
  const messages = journal.countFrom(committed);
  const oldestMs = messages === 0 ? nowMs : ((await journal.timestampOf(committed)) ?? nowMs);
  const seconds = Math.max(0, nowMs - oldestMs) / 1000;
  return {
    group,
    topic,
    partition,
    messages,
    seconds,
    expired: offset.expired,
    committed,
    start,
    end,
  };
}
