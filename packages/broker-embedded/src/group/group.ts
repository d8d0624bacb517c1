import type { TopicPartition } from '@spillway/broker';
import type { Member } from '../consumer.ts';
import type { Log } from '../log/logs.ts';
import { assign } from './assign.ts';

/** The members of one consumer group, and who of them holds which partition. */
export class Group {
  readonly #members = new Set<Member>();
  readonly #logsOf: (topics: ReadonlySet<string>) => Log[];
  #rebalancing: Promise<void> = Promise.resolve();

  constructor(logsOf: (topics: ReadonlySet<string>) => Log[]) {
    this.#logsOf = logsOf;
  }

  get members(): ReadonlySet<Member> {
    return this.#members;
  }

  /** Resolves when the partitions are shared out again. */
  join(member: Member): Promise<void> {
    this.#members.add(member);
    return this.#rebalance();
  }

  /** The member holds nothing any more. */
  leave(member: Member): Promise<void> {
    if (!this.#members.delete(member)) return this.#rebalancing;
    return this.#rebalance();
  }

  /** Shares the partitions out again: some may have been added. */
  share(): Promise<void> {
    return this.#rebalance();
  }

  wake(topic: string): void {
    for (const member of this.#members) if (member.topics.has(topic)) member.wake();
  }

  #rebalance(): Promise<void> {
    this.#rebalancing = this.#rebalancing.then(() => this.#moveOnce());
    return this.#rebalancing;
  }

  /** First all revocations, then the gains: no partition is ever held twice. */
  async #moveOnce(): Promise<void> {
    const members = [...this.#members];
    const logs = this.#logsOf(new Set(members.flatMap(({ topics }) => [...topics])));
    const plan = assign(
      logs,
      members.map((member) => ({ member, topics: member.topics, held: member.assigned() })),
    );
    await Promise.all(
      members.map((member) => {
        const kept = plan.get(member) ?? [];
        return member.revoke(
          member.assigned().filter((held) => !kept.some((at) => same(at, held))),
        );
      }),
    );
    for (const member of members) {
      const given = plan.get(member) ?? [];
      member.gain(logs.filter((log) => given.some((at) => same(at, log))));
    }
  }
}

function same(a: TopicPartition, b: TopicPartition): boolean {
  return a.topic === b.topic && a.partition === b.partition;
}
