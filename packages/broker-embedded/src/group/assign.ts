import type { TopicPartition } from '@spillway/broker';

export interface AssignMember<M> {
  member: M;
  topics: ReadonlySet<string>;
  held: readonly TopicPartition[];
}

/**
 * Who holds what: as even in number as the subscriptions allow, and moving as little as that takes.
 * Partitions of a topic without a subscriber are left out.
 */
export function assign<M>(
  partitions: readonly TopicPartition[],
  members: readonly AssignMember<M>[],
): Map<M, TopicPartition[]> {
  const plan = members.map((member) => ({ ...member, given: [] as TopicPartition[] }));
  const free: TopicPartition[] = [];
  for (const partition of [...partitions].sort(byPartition)) {
    const holder = plan.find(
      ({ topics, held }) => topics.has(partition.topic) && has(held, partition),
    );
    if (holder === undefined) free.push(partition);
    else holder.given.push(partition);
  }
  for (const partition of free) {
    fewest(plan.filter(({ topics }) => topics.has(partition.topic)))?.given.push(partition);
  }
  // Each move makes two members more even, so this ends.
  while (moveOne(plan));
  return new Map(plan.map(({ member, given }) => [member, given]));
}

interface Planned {
  topics: ReadonlySet<string>;
  given: TopicPartition[];
}

function moveOne(plan: readonly Planned[]): boolean {
  for (const from of [...plan].sort((a, b) => b.given.length - a.given.length)) {
    for (const to of [...plan].sort((a, b) => a.given.length - b.given.length)) {
      if (from.given.length - to.given.length < 2) break;
      const index = from.given.findLastIndex(({ topic }) => to.topics.has(topic));
      if (index < 0) continue;
      to.given.push(...from.given.splice(index, 1));
      return true;
    }
  }
  return false;
}

function fewest<P extends Planned>(plan: readonly P[]): P | undefined {
  return plan.reduce<P | undefined>(
    (best, next) => (best && best.given.length <= next.given.length ? best : next),
    undefined,
  );
}

function has(list: readonly TopicPartition[], { topic, partition }: TopicPartition): boolean {
  return list.some((other) => other.topic === topic && other.partition === partition);
}

function byPartition(a: TopicPartition, b: TopicPartition): number {
  return a.partition - b.partition || (a.topic < b.topic ? -1 : Number(a.topic > b.topic));
}
