import type { PartitionLag } from '@spillway/broker';
import type { Log } from '../log/logs.ts';

/** Lost and skipped positions are not lag: only what a poll would deliver is counted. */
export async function lagOf(
  group: string,
  { topic, partition, journal }: Log,
  known: { committed: number; expired: number; nowMs: number },
): Promise<PartitionLag> {
  const { start, end } = journal;
  const { expired, nowMs } = known;
  const committed = Math.max(known.committed, start);
  const messages = journal.countFrom(committed);
  const oldestMs = messages === 0 ? nowMs : ((await journal.timestampOf(committed)) ?? nowMs);
  const seconds = Math.max(0, nowMs - oldestMs) / 1000;
  return {
    group,
    topic,
    partition,
    messages,
    seconds,
    expired,
    committed,
    start,
    end,
  };
}
