import type { TopicPartition, TopicSpec } from '@spillway/broker';
import { groupQueue, memberKey } from '../names.ts';
import type { Control } from '../server/control.ts';
import { partitionsOf } from '../server/topology.ts';
import { GroupMembers, type Heartbeat, type Holding, type MembersQuery } from './group-members.ts';

/** A member of this process. */
export interface LocalMember {
  readonly id: string;
  /** Reports to the others what it holds. */
  beat(): void;
  /** A member came, went, or holds something else. */
  changed(): void;
  holding(queue: string): Holding | undefined;
}

/** One group, as this process knows it; with the members of this process, if it has any. */
export class Group {
  readonly name: string;
  readonly roster: GroupMembers;
  readonly #control: Control;
  readonly #members = new Set<LocalMember>();
  readonly #take = (body: unknown): void => this.#receive(body as Heartbeat | MembersQuery);
  #opened: Promise<void> | undefined;

  constructor(options: { name: string; control: Control; memberTimeoutMs: number }) {
    this.name = options.name;
    this.#control = options.control;
    this.roster = new GroupMembers(options.memberTimeoutMs);
    this.#control.onOpen(() => {
      this.roster.renew(performance.now());
      for (const member of this.#members) member.beat();
      this.ask();
    });
  }

  /** Listens, and asks who is there. Idempotent. */
  open(): Promise<void> {
    this.#opened ??= this.#control.listen(memberKey(this.name), this.#take).then(() => this.ask());
    return this.#opened;
  }

  ask(): void {
    this.#control.send(memberKey(this.name), { kind: 'who' } satisfies MembersQuery);
  }

  send(beat: Heartbeat): void {
    this.#control.send(memberKey(this.name), beat);
  }

  add(member: LocalMember): void {
    this.#members.add(member);
  }

  remove(member: LocalMember): void {
    this.#members.delete(member);
  }

  /** What holds a queue: exact for a member of this process, as of its last beat for another. */
  holding(queue: string): Holding | undefined {
    for (const member of this.#members) {
      const holding = member.holding(queue);
      if (holding) return holding;
    }
    return this.roster.holderOf(queue, performance.now())?.held[queue];
  }

  /** Lists the queues of all topics that a known member reads, and of these; by name. */
  queues(
    topics: readonly string[],
    topic: (name: string) => TopicSpec | undefined,
  ): Map<string, TopicPartition> {
    const names = new Set(topics);
    for (const beat of this.roster.present(performance.now())) {
      for (const name of beat.topics) names.add(name);
    }
    const known = [...names].sort().flatMap((name) => topic(name) ?? []);
    return new Map(known.flatMap(partitionsOf).map((at) => [groupQueue(at, this.name), at]));
  }

  #receive(body: Heartbeat | MembersQuery): void {
    if (body.kind === 'who') {
      for (const member of this.#members) member.beat();
      return;
    }
    this.roster.note(body, performance.now());
    for (const member of this.#members) member.changed();
  }
}
