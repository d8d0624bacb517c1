import { partitionName, type TopicPartition } from '@spillway/broker';
import { until } from '@spillway/test-support/until';
import { expect, it } from 'vitest';
import type { Joined, KafkaClient } from '../client.ts';
import { answered } from '../errors.ts';
import { Membership } from './membership.ts';
import { decodeClaim, encodeAssignment } from './protocol.ts';

const place = (partition: number): TopicPartition => ({ topic: 't', partition });

/** A group whose answers are given by hand: a join waits for `arrive`, as for the other members. */
class Group {
  readonly assignee = new Assignee();
  readonly membership: Membership;
  readonly claims: number[][] = [];
  readonly commits: number[] = [];
  #generation = 0;
  #waiting: PromiseWithResolvers<void>[] = [];
  #assigned: TopicPartition[] = [];
  #rebalancing = false;

  constructor() {
    const client: Partial<KafkaClient> = {
      coordinator: async () => 1,
      cluster: async () => ({ nodes: [1], topics: new Map() }),
      join: (_node, { metadata }) => this.#join(metadata),
      sync: async () => encodeAssignment(this.#assigned),
      committed: async () => [],
      heartbeat: async () => {
        if (this.#rebalancing) throw answered('REBALANCE_IN_PROGRESS', 'Broker 1');
      },
      commit: async (_node, { generation }) => {
        this.commits.push(generation);
        if (generation !== this.#generation) throw answered('ILLEGAL_GENERATION', 'Broker 1');
      },
      leave: async () => {},
      close: async () => this.arrive(),
    };
    this.membership = new Membership({
      group: 'g',
      topics: ['t'],
      assignee: this.assignee,
      client: client as KafkaClient,
      joinClient: client as KafkaClient,
      sessionTimeoutMs: 1_000,
      rebalanceTimeoutMs: 1_000,
      patienceMs: 5_000,
      report: () => {},
    });
  }

  /** Members come or go: whoever beats hears that it is to join again. */
  rebalance(): void {
    this.#rebalancing = true;
  }

  /** All have joined: the broker is a generation ahead until its answers arrive. */
  assign(partitions: number[]): void {
    this.#generation += 1;
    this.#rebalancing = false;
    this.#assigned = partitions.map(place);
  }

  /** The answers to those that joined arrive. */
  arrive(): void {
    for (const { resolve } of this.#waiting.splice(0)) resolve();
  }

  async untilClaimed(times: number): Promise<void> {
    await until(() => this.claims.length >= times);
  }

  async #join(metadata: Buffer): Promise<Joined> {
    this.claims.push(decodeClaim(metadata).owned.map(({ partition }) => partition));
    const waiting = Promise.withResolvers<void>();
    this.#waiting.push(waiting);
    await waiting.promise;
    return { memberId: 'me', generation: this.#generation, leaderId: 'other', members: [] };
  }
}

class Assignee {
  lost = 0;
  #held = new Map<string, TopicPartition>();

  owned(): TopicPartition[] {
    return [...this.#held.values()];
  }

  gain(partitions: readonly TopicPartition[]): void {
    for (const one of partitions) this.#held.set(partitionName(one), one);
  }

  async revoke(partitions: readonly TopicPartition[]): Promise<void> {
    for (const one of partitions) this.#held.delete(partitionName(one));
  }

  lose(): void {
    this.lost += 1;
    this.#held.clear();
  }
}

async function holding(partitions: number[]): Promise<Group> {
  const group = new Group();
  const started = group.membership.start();
  await group.untilClaimed(1);
  group.assign(partitions);
  group.arrive();
  await started;
  return group;
}

const commitOf = (partition: number) => ({ ...place(partition), position: 7, metadata: '' });

it('a commit that meets the generation it is about to join loses nothing', async () => {
  const group = await holding([0, 1]);
  group.rebalance();
  await group.untilClaimed(2);
  group.assign([0, 1]);
  const committed = group.membership.commit([commitOf(0)]);
  await new Promise((resolve) => setTimeout(resolve, 20));
  group.arrive();
  await committed;
  expect(group.assignee.lost).toBe(0);
  expect(group.commits).toEqual([1, ...group.commits.slice(1, -1).map(() => 1), 2]);
  await group.membership.close();
});

it('what it claimed and did not get is free for others only when it joins again', async () => {
  const group = await holding([0, 1]);
  group.rebalance();
  await group.untilClaimed(2);
  group.assign([0]);
  group.assignee.lose(); // Something it was told meanwhile: it holds nothing.
  group.arrive();
  await group.untilClaimed(3);
  expect(group.claims).toEqual([[], [0, 1], [0]]);
  await group.membership.close();
});
