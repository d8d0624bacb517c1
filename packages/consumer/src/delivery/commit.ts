import { type Position, partitionName } from '@spillway/broker';

/**
 * The highest contiguous position done per partition: it stops before the first message that is
 * not done, so nothing unfinished is ever committed.
 * @param messages of any partitions, each partition's in the order of the log
 */
export function positionsToCommit<T extends Position>(
  messages: readonly T[],
  isDone: (message: T) => boolean,
): Position[] {
  const highest = new Map<string, Position>();
  const blocked = new Set<string>();
  for (const message of messages) {
    const { topic, partition, position } = message;
    const name = partitionName(message);
    if (blocked.has(name)) continue;
    if (isDone(message)) highest.set(name, { topic, partition, position });
    else blocked.add(name);
  }
  return [...highest.values()];
}
