import { partitionName, type TopicPartition } from '@spillway/broker';

export interface AssignedMember {
  memberId: string;
  topics: readonly string[];
  /** What it holds, as of `generation`. */
  owned: readonly TopicPartition[];
  generation: number;
}

/**
 * Spreads partitions evenly, moving as few as that takes, in two steps (KIP-429): a partition that
 * one member holds and another should have has no holder in this round, and the other's in the
 * next, once the first has let go of it. So no partition ever has two holders.
 */
export function assign(
  members: readonly AssignedMember[],
  partitions: readonly TopicPartition[],
): Map<string, TopicPartition[]> {
  const holders = holdersOf(members);
  const wanted = spread(members, partitions, holders);
  for (const [memberId, own] of wanted) {
    const free = own.filter((partition) => {
      const holder = holders.get(partitionName(partition));
      return holder === undefined || holder === memberId;
    });
    wanted.set(memberId, free);
  }
  return wanted;
}

/** Who holds what. A member that was cut off for a while claims what it had in an older generation. */
function holdersOf(members: readonly AssignedMember[]): Map<string, string> {
  const holders = new Map<string, { memberId: string; generation: number }>();
  for (const { memberId, owned, generation } of members) {
    for (const partition of owned) {
      const known = holders.get(partitionName(partition));
      if (known !== undefined && known.generation >= generation) continue;
      holders.set(partitionName(partition), { memberId, generation });
    }
  }
  return new Map([...holders].map(([name, { memberId }]) => [name, memberId]));
}

/** Each member keeps what it holds up to its share; the rest goes to whoever has least. */
function spread(
  members: readonly AssignedMember[],
  partitions: readonly TopicPartition[],
  holders: ReadonlyMap<string, string>,
): Map<string, TopicPartition[]> {
  const sorted = [...members].sort((a, b) => (a.memberId < b.memberId ? -1 : 1));
  const shares = sorted.map(({ memberId, topics }) => new Share(memberId, topics));
  const left: TopicPartition[] = [];
  for (const partition of partitions) {
    const holder = holders.get(partitionName(partition));
    const share = shares.find((one) => one.memberId === holder && one.reads(partition));
    if (share === undefined) left.push(partition);
    else share.own.push(partition);
  }
  for (const partition of left) least(shares, partition)?.own.push(partition);
  for (const share of shares) giveAway(share, shares);
  return new Map(shares.map(({ memberId, own }) => [memberId, own]));
}

class Share {
  readonly memberId: string;
  readonly own: TopicPartition[] = [];
  readonly #topics: ReadonlySet<string>;

  constructor(memberId: string, topics: readonly string[]) {
    this.memberId = memberId;
    this.#topics = new Set(topics);
  }

  reads({ topic }: TopicPartition): boolean {
    return this.#topics.has(topic);
  }

  countOf(topic: string): number {
    return this.own.filter((one) => one.topic === topic).length;
  }
}

/** Finds, of those that read it, who has least; of these, who has least of its topic. */
function least(shares: readonly Share[], partition: TopicPartition): Share | undefined {
  const compare = (a: Share, b: Share) =>
    a.own.length - b.own.length || a.countOf(partition.topic) - b.countOf(partition.topic);
  return shares.filter((share) => share.reads(partition)).toSorted(compare)[0];
}

/** What is above a share goes, of the topic first that it has most of. */
function giveAway(share: Share, shares: readonly Share[]): void {
  for (;;) {
    const byTopic = [...Map.groupBy(share.own, ({ topic }) => topic).values()];
    const target = byTopic
      .toSorted((a, b) => b.length - a.length)
      .map((own) => own.at(-1) as TopicPartition)
      .map((partition) => ({ partition, to: least(shares, partition) }))
      .find(({ to }) => to !== undefined && to.own.length + 1 < share.own.length);
    if (target === undefined) return;
    share.own.splice(share.own.indexOf(target.partition), 1);
    target.to?.own.push(target.partition);
  }
}
