import { type MessageId, messageName, type PartitionLag, partitionName } from '@spillway/broker';
import type { AuditFacts, Sighting } from '@spillway/store';

export const minuteMs = 60_000;
/** Between a gateway's clock, which names the minute, and the broker's or ours. */
const clockSkewMs = 60_000;

/**
 * Where a broker cannot be read without taking (a queue of RabbitMQ), it says at least how many
 * messages of a partition wait. As many of the latest noted ones, and no more, may be among them:
 * their minutes are open until the group has passed them. Beyond that number, or older than the
 * oldest that waits, they are lost.
 */
export function unread({ noted, lags, done }: UnreadFacts): Sighting[] {
  const byPartition = Map.groupBy(
    noted.filter((message) => !done.has(messageName(message))),
    (message) => partitionName(message),
  );
  return [...byPartition].flatMap(([name, messages]) => {
    const { messages: atMost = null, seconds = null } = lags.get(name) ?? {};
    const oldestMinute =
      seconds === null ? 0 : minuteOf(Date.now() - seconds * 1_000 - clockSkewMs);
    const young = messages.filter(({ minute }) => minute >= oldestMinute);
    const latestFirst = young.sort((a, b) => b.epoch - a.epoch || b.sequence - a.sequence);
    return latestFirst
      .slice(0, atMost ?? young.length)
      .map((message) => ({ ...message, id: idOf(message), foreign: false }));
  });
}

export interface UnreadFacts {
  noted: AuditFacts['noted'];
  lags: ReadonlyMap<string, PartitionLag>;
  done: ReadonlySet<string>;
}

export function idOf({ gateway, epoch, topic, partition, sequence }: MessageId): MessageId {
  return { gateway, epoch, topic, partition, sequence };
}

export function minuteOf(ms: number): number {
  return Math.floor(ms / minuteMs);
}
