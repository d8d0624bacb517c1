import { randomUUID } from 'node:crypto';
import {
  type DeliveredMessage,
  type PollOptions,
  type Position,
  partitionName,
  type Subscription,
  type TopicPartition,
} from '@spillway/broker';
import { messageOf, sleep, withTimeout } from '@spillway/resilience';
import { statQueues } from '../server/stat.ts';
import { assign } from './assign.ts';
import type { LocalMember } from './group.ts';
import type { Holding } from './group-members.ts';
import { Inbox } from './inbox.ts';
import type { MemberOptions } from './member-options.ts';
import { QueueConsumer } from './queue-consumer.ts';

const settleMs = 50;

/**
 * A member of a group. All members report once a beat that they are there and what they hold, and
 * work out the same fair shares; who holds too much finishes it and lets go, and who is to have it
 * takes it when no member reports holding it. Where they disagree for a moment, the queue's single
 * active consumer is still only one. One poll at a time.
 */
export class Member implements Subscription, LocalMember {
  readonly id = randomUUID();
  readonly #options: MemberOptions;
  readonly #inbox: Inbox;
  /** The queues that the last plan assigns to this member. */
  #own = new Map<string, TopicPartition>();
  #rounds: Promise<void> = Promise.resolve();
  #roundWanted = false;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;
  readonly #abort = new AbortController();

  constructor(options: MemberOptions) {
    this.#options = options;
    this.#inbox = new Inbox({
      onBroken: (consumer, error) => this.#broken(consumer, messageOf(error)),
      signalBytesMax: options.config.prefetchBytes,
    });
  }

  /** Resolves when this member holds what is free for it. */
  async join(): Promise<void> {
    const { config, shared } = this.#options;
    shared.add(this);
    this.#timer = setInterval(() => this.#tick(), config.beatMs);
    await shared.open();
    this.beat();
    shared.ask();
    await this.#settle();
    this.changed();
    await this.#rounds;
  }

  poll(options: PollOptions): Promise<DeliveredMessage[]> {
    return this.#inbox.poll(options);
  }

  async commit(positions: readonly Position[]): Promise<void> {
    await Promise.all(positions.map((at) => this.#inbox.get(at)?.commit(at.position)));
  }

  async seek(position: Position): Promise<void> {
    this.#inbox.get(position)?.seek(position.position);
    this.#inbox.wake();
  }

  pause(partitions: readonly TopicPartition[]): void {
    this.#inbox.pause(partitions);
  }

  resume(partitions: readonly TopicPartition[]): void {
    this.#inbox.resume(partitions);
  }

  assigned(): TopicPartition[] {
    return this.#inbox.consumers.map(({ topic, partition }) => ({ topic, partition }));
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#abort.abort();
    clearInterval(this.#timer);
    this.#inbox.close();
    const { shared, onClosed } = this.#options;
    await this.#rounds;
    await this.#inbox.release(this.#inbox.consumers);
    shared.send({ kind: 'beat', member: this.id, topics: [], held: {}, left: true });
    shared.remove(this);
    onClosed(this);
  }

  beat(): void {
    const held: Record<string, Holding> = {};
    for (const consumer of this.#inbox.consumers) held[consumer.queue] = consumer.holding;
    const topics = [...this.#options.topics];
    this.#options.shared.send({ kind: 'beat', member: this.id, topics, held });
  }

  holding(queue: string): Holding | undefined {
    return this.#inbox.consumers.find((consumer) => consumer.queue === queue)?.holding;
  }

  changed(): void {
    if (this.#roundWanted || this.#closed) return;
    this.#roundWanted = true;
    this.#rounds = this.#rounds.then(async () => {
      this.#roundWanted = false;
      if (!this.#closed) await this.#round().catch((error) => this.#report('any', error));
    });
  }

  #tick(): void {
    const heldMsMax = this.#options.config.unackedMinutesMax * 60_000;
    for (const consumer of this.#inbox.consumers) {
      // Before the server does it; the next poll opens it again.
      if (consumer.heldMs(performance.now()) > heldMsMax) void consumer.release();
    }
    this.beat();
    this.changed();
  }

  /** Waits until a reader is known for every queue that has a consumer; bounded. */
  async #settle(): Promise<void> {
    const { client, config, shared } = this.#options;
    const { signal } = this.#abort;
    const deadline = performance.now() + config.memberTimeoutMs;
    const queues = [...this.#queues().keys()];
    for (; performance.now() < deadline && !signal.aborted; await sleep(settleMs, signal)) {
      if (!shared.roster.has(this.id, performance.now())) continue;
      const stats = await statQueues(client, queues);
      const isKnown = (queue: string): boolean => shared.holding(queue) !== undefined;
      if (queues.every((queue) => !stats.get(queue)?.consumers || isKnown(queue))) return;
    }
  }

  /** One comparison of what is held with what should be. */
  async #round(): Promise<void> {
    const { shared, config, client } = this.#options;
    const members = this.#plan();
    const lost = this.#inbox.consumers.filter(({ queue }) => !this.#own.has(queue));
    await this.#revoke(lost);
    if (!client.isOpen || this.#closed) return;
    const isFree = (queue: string) => !shared.roster.holderOf(queue, performance.now(), this.id);
    const gained = [...this.#own].filter(([queue, at]) => !this.#inbox.get(at) && isFree(queue));
    for (const topic of new Set(gained.map(([, at]) => at.topic))) {
      await this.#options.declare(topic).catch((error) => this.#report(topic, error));
    }
    const opened = await Promise.all(gained.map(([queue, at]) => this.#gain(queue, at)));
    const names = opened.flatMap((consumer) => (consumer ? partitionName(consumer) : []));
    if (lost.length + names.length === 0) return;
    this.beat();
    this.#inbox.wake();
    const { name: group } = shared;
    config.report({
      type: 'assigned',
      group,
      members,
      gained: names,
      lost: lost.map(partitionName),
    });
  }

  /**
   * Plans who reads what. As long as not even its own beats come back, nothing moves. @returns the
   * members known
   */
  #plan(): number {
    const { roster } = this.#options.shared;
    const nowMs = performance.now();
    const members = roster.present(nowMs);
    if (!roster.has(this.id, nowMs)) return members.length;
    const queues = this.#queues();
    const named = [...queues].map(([name, { topic }]) => ({ name, topic }));
    const plan = assign(
      named,
      members.map(({ member, topics }) => ({ member, topics: new Set(topics) })),
    );
    this.#own = new Map([...queues].filter(([queue]) => plan.get(queue) === this.id));
    return members.length;
  }

  #queues(): Map<string, TopicPartition> {
    const { shared, topics, topic } = this.#options;
    return shared.queues(topics, topic);
  }

  async #gain(queue: string, at: TopicPartition): Promise<QueueConsumer | undefined> {
    const { client, config } = this.#options;
    const { clock, prefetchBytes, prefetchMessages } = config;
    const consumer: QueueConsumer = new QueueConsumer({
      ...at,
      queue,
      client,
      clock,
      prefetchBytes,
      prefetchMessages,
      onReady: () => this.#inbox.arrived(),
      onBroken: (message) => this.#broken(consumer, message),
    });
    this.#inbox.add(consumer);
    try {
      await consumer.open();
      return consumer;
    } catch (error) {
      this.#broken(consumer, messageOf(error));
      return undefined;
    }
  }

  /** The next round, at the latest one beat later, takes it again if it is still assigned. */
  #broken(consumer: QueueConsumer, message: string): void {
    if (!this.#inbox.remove(consumer)) return;
    void consumer.close();
    this.#report(partitionName(consumer), message);
  }

  #report(partition: string, error: unknown): void {
    const { config, shared } = this.#options;
    const message = messageOf(error);
    config.report({ type: 'reader-broken', group: shared.name, partition, message });
  }

  async #revoke(consumers: readonly QueueConsumer[]): Promise<void> {
    if (consumers.length === 0) return;
    for (const consumer of consumers) consumer.revoking = true;
    const { onRevoke, config, shared } = this.#options;
    try {
      const partitions = consumers.map(({ topic, partition }) => ({ topic, partition }));
      await withTimeout(onRevoke?.(partitions), config.revokeTimeoutMs, 'onRevoke');
    } catch (error) {
      config.report({ type: 'revoke-failed', group: shared.name, message: messageOf(error) });
    }
    await this.#inbox.release(consumers);
  }
}
