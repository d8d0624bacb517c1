import { randomUUID } from 'node:crypto';
import {
  BrokerError,
  type DeliveredMessage,
  type PollOptions,
  type Position,
  partitionName,
  type SubscribeOptions,
  type Subscription,
  type TopicPartition,
  type TopicSpec,
} from '@spillway/broker';
import { assign } from './assign.ts';
import type { Client } from './client.ts';
import type { RabbitMqConfig } from './config.ts';
import { messageOf } from './errors.ts';
import type { Group, LocalMember } from './group.ts';
import { Lane } from './lane.ts';
import { groupQueue } from './names.ts';
import type { Holding } from './roster.ts';
import { statQueues } from './stat.ts';
import { partitionsOf } from './topology.ts';
import { sleep, within } from './wait.ts';

export interface MemberOptions extends SubscribeOptions {
  config: RabbitMqConfig;
  client: Client;
  /** Of this process. */
  shared: Group;
  /** Throws BrokerError 'unknown-topic'. */
  topic: (name: string) => TopicSpec;
  /** Declares the group's queues of a topic; they may have been deleted. */
  declare: (topic: string) => Promise<void>;
  onClosed: (member: Member) => void;
}

const settleMs = 50;

/**
 * A member of a group. All members tell each other once a beat that they are there and what they
 * hold, and work out the same fair shares; who holds too much finishes it and lets go, and who is
 * to have it takes it when nobody tells that he holds it. Where they disagree for a moment, the
 * queue's single active consumer is still only one. One poll at a time.
 */
export class Member implements Subscription, LocalMember {
  readonly id = randomUUID();
  readonly #options: MemberOptions;
  readonly #lanes = new Map<string, Lane>();
  /** The queues that are ours by the last plan. */
  #ours = new Map<string, TopicPartition>();
  #rounds: Promise<void> = Promise.resolve();
  #roundWanted = false;
  #timer: NodeJS.Timeout | undefined;
  #turn = 0;
  #polling = false;
  #closed = false;
  #woken = false;
  #wakeUp: (() => void) | undefined;
  readonly #abort = new AbortController();

  constructor(options: MemberOptions) {
    this.#options = options;
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

  async poll({ bytesMax, waitMs, signal }: PollOptions): Promise<DeliveredMessage[]> {
    if (this.#closed) throw new BrokerError('not-running', 'The subscription is closed');
    if (this.#polling) throw new Error('One poll at a time');
    this.#polling = true;
    const deadline = performance.now() + waitMs;
    try {
      for (;;) {
        this.#woken = false;
        const messages = signal.aborted ? [] : this.#gather(bytesMax);
        const leftMs = deadline - performance.now();
        if (messages.length > 0 || leftMs <= 0 || signal.aborted || this.#closed) return messages;
        await this.#sleep(leftMs, signal);
      }
    } finally {
      this.#polling = false;
    }
  }

  async commit(positions: readonly Position[]): Promise<void> {
    await Promise.all(
      positions.map((at) => this.#lanes.get(partitionName(at))?.commit(at.position)),
    );
  }

  async seek(position: Position): Promise<void> {
    this.#lanes.get(partitionName(position))?.seek(position.position);
    this.#wake();
  }

  pause(partitions: readonly TopicPartition[]): void {
    for (const lane of this.#lanesOf(partitions)) lane.paused = true;
  }

  resume(partitions: readonly TopicPartition[]): void {
    for (const lane of this.#lanesOf(partitions)) lane.paused = false;
    this.#wake();
  }

  assigned(): TopicPartition[] {
    return [...this.#lanes.values()].map(({ topic, partition }) => ({ topic, partition }));
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#abort.abort();
    clearInterval(this.#timer);
    this.#wake();
    const { shared, onClosed } = this.#options;
    await this.#rounds;
    await Promise.all([...this.#lanes.values()].map((lane) => lane.close()));
    this.#lanes.clear();
    shared.tell({ kind: 'beat', member: this.id, topics: [], held: {}, left: true });
    shared.remove(this);
    onClosed(this);
  }

  beat(): void {
    const held: Record<string, Holding> = {};
    for (const lane of this.#lanes.values()) held[lane.queue] = lane.holding;
    const topics = [...this.#options.topics];
    this.#options.shared.tell({ kind: 'beat', member: this.id, topics, held });
  }

  holding(queue: string): Holding | undefined {
    for (const lane of this.#lanes.values()) if (lane.queue === queue) return lane.holding;
    return undefined;
  }

  changed(): void {
    if (this.#roundWanted || this.#closed) return;
    this.#roundWanted = true;
    this.#rounds = this.#rounds.then(async () => {
      this.#roundWanted = false;
      if (!this.#closed) await this.#round();
    });
  }

  #tick(): void {
    const heldMsMax = this.#options.config.unackedMinutesMax * 60_000;
    for (const lane of this.#lanes.values()) {
      // Before the server does it; the next poll opens it again.
      if (lane.heldMs(performance.now()) > heldMsMax) void lane.release();
    }
    this.beat();
    this.changed();
  }

  /** Waits until somebody is known for every queue that has a consumer; bounded. */
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
    const lost = [...this.#lanes.values()].filter(({ queue }) => !this.#ours.has(queue));
    await this.#revoke(lost);
    if (!client.isOpen || this.#closed) return;
    const isFree = (queue: string): boolean => {
      const others = shared.roster.present(performance.now()).filter((b) => b.member !== this.id);
      return !others.some(({ held }) => queue in held);
    };
    const gained = [...this.#ours].filter(
      ([queue, at]) => !this.#lanes.has(partitionName(at)) && isFree(queue),
    );
    for (const topic of new Set(gained.map(([, at]) => at.topic))) {
      await this.#options.declare(topic).catch((error) => this.#report(topic, error));
    }
    const opened = await Promise.all(gained.map(([queue, at]) => this.#gain(queue, at)));
    const names = opened.flatMap((lane) => (lane ? partitionName(lane) : []));
    if (lost.length + names.length === 0) return;
    this.beat();
    this.#wake();
    const { name: group } = shared;
    config.report({
      ...{ type: 'assigned', group, members },
      ...{ gained: names, lost: lost.map(partitionName) },
    });
  }

  /** As long as not even our own beats come back, nothing moves. @returns the members known */
  #plan(): number {
    const { roster } = this.#options.shared;
    const nowMs = performance.now();
    const members = roster.present(nowMs);
    if (!roster.has(this.id, nowMs)) return members.length;
    const queues = this.#queues();
    const plan = assign(
      [...queues].map(([name, { topic }]) => ({ name, topic })),
      members.map(({ member, topics }) => ({ member, topics: new Set(topics) })),
    );
    this.#ours = new Map([...queues].filter(([queue]) => plan.get(queue) === this.id));
    return members.length;
  }

  /** Of all topics that a member known reads. */
  #queues(): Map<string, TopicPartition> {
    const { shared, topic, topics } = this.#options;
    const names = new Set(topics);
    for (const beat of shared.roster.present(performance.now())) {
      for (const name of beat.topics) names.add(name);
    }
    const partitions = [...names].sort().flatMap((name) => partitionsOf(topic(name)));
    return new Map(partitions.map((at) => [groupQueue(at, shared.name), at]));
  }

  async #gain(queue: string, at: TopicPartition): Promise<Lane | undefined> {
    const { client, config } = this.#options;
    const { clock, prefetchBytes, prefetchMessages } = config;
    const lane: Lane = new Lane({
      ...{ ...at, queue, client, clock, prefetchBytes, prefetchMessages },
      onReady: () => this.#wake(),
      onBroken: (message) => this.#broken(lane, message),
    });
    this.#lanes.set(partitionName(at), lane);
    try {
      await lane.open();
      return lane;
    } catch (error) {
      this.#broken(lane, messageOf(error));
      return undefined;
    }
  }

  /** The next round, at the latest one beat later, takes it again if it is still ours. */
  #broken(lane: Lane, message: string): void {
    const name = partitionName(lane);
    if (this.#lanes.get(name) !== lane) return;
    this.#lanes.delete(name);
    void lane.close();
    this.#report(name, message);
  }

  #report(partition: string, error: unknown): void {
    const { config, shared } = this.#options;
    const message = messageOf(error);
    config.report({ type: 'reader-broken', group: shared.name, partition, message });
  }

  async #revoke(lanes: readonly Lane[]): Promise<void> {
    if (lanes.length === 0) return;
    for (const lane of lanes) lane.revoking = true;
    const { onRevoke, config, shared } = this.#options;
    try {
      const partitions = lanes.map(({ topic, partition }) => ({ topic, partition }));
      await within(Promise.resolve(onRevoke?.(partitions)), config.revokeTimeoutMs);
    } catch (error) {
      config.report({ type: 'revoke-failed', group: shared.name, message: messageOf(error) });
    }
    await Promise.all(lanes.map((lane) => lane.close()));
    for (const lane of lanes) this.#lanes.delete(partitionName(lane));
  }

  #gather(bytesMax: number): DeliveredMessage[] {
    const lanes = [...this.#lanes.values()].filter(({ paused, revoking }) => !paused && !revoking);
    const found: DeliveredMessage[] = [];
    let left = bytesMax;
    for (let n = 0; n < lanes.length && left > 0; n++) {
      const lane = lanes[(this.#turn + n) % lanes.length] as Lane;
      if (!lane.isOpen) void lane.open().catch((error) => this.#broken(lane, messageOf(error)));
      for (const message of lane.take(left, found.length === 0)) {
        left -= message.value.byteLength;
        found.push(message);
      }
    }
    this.#turn += 1;
    return found;
  }

  #lanesOf(partitions: readonly TopicPartition[]): Lane[] {
    return partitions.flatMap((at) => this.#lanes.get(partitionName(at)) ?? []);
  }

  #wake(): void {
    this.#woken = true;
    this.#wakeUp?.();
  }

  /** Until there may be something, the time is over, or the signal says stop. */
  async #sleep(ms: number, signal: AbortSignal): Promise<void> {
    if (this.#woken) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wakeUp = resolve;
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => resolve(), { once: true });
    await promise;
    clearTimeout(timer);
    this.#wakeUp = undefined;
  }
}
