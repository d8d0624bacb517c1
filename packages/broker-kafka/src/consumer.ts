import {
  BrokerError,
  type DeliveredMessage,
  type PollOptions,
  type Position,
  partitionName,
  type Subscription,
  type TopicPartition,
} from '@spillway/broker';
import { AutoResetEvent, messageOf, withTimeout } from '@spillway/resilience';
import type { CommittedOffset } from './client.ts';
import { delivered } from './delivered.ts';
import type { ConsumerOptions } from './group/consumer-options.ts';
import { Fetcher } from './group/fetcher.ts';
import { Held, metadataOf } from './group/held.ts';
import { Membership } from './group/membership.ts';

/** One member of a group: reads ahead within a byte bound, hands over what is polled. */
export class Consumer implements Subscription {
  readonly #options: ConsumerOptions;
  readonly #held = new Map<string, Held>();
  readonly #membership: Membership;
  readonly #fetcher: Fetcher;
  /** Held, and not noted yet where a new group begins there. */
  readonly #beginnings = new Map<string, PromiseWithResolvers<void>>();
  #turn = 0;
  #polling = false;
  #closed: Promise<void> | undefined;
  readonly #arrival = new AutoResetEvent();

  constructor(options: ConsumerOptions) {
    this.#options = options;
    const { group, topics, section, connect, report } = options;
    const { sessionTimeoutMs, rebalanceTimeoutMs, deliveryTimeoutMs } = section;
    this.#membership = new Membership({
      group,
      topics,
      sessionTimeoutMs,
      rebalanceTimeoutMs,
      report,
      patienceMs: deliveryTimeoutMs,
      client: connect(),
      // A join waits for the slowest member.
      joinClient: connect(rebalanceTimeoutMs + sessionTimeoutMs),
      assignee: {
        owned: () => this.assigned(),
        gain: (partitions, committed) => this.#gain(partitions, committed),
        revoke: (partitions) => this.#revoke(partitions),
        lose: () => this.#lose(),
      },
    });
    this.#fetcher = new Fetcher({
      group,
      report,
      held: this.#held,
      bytesMax: section.fetchBytesMax,
      client: connect(),
      onRecords: () => this.#arrival.set(),
      onBegin: (held) => this.#noteBegin(held),
    });
  }

  get group(): string {
    return this.#options.group;
  }

  get topics(): readonly string[] {
    return this.#options.topics;
  }

  /** Resolves as a member that holds something or nothing, and is known by where it begins. */
  async start(): Promise<void> {
    try {
      await this.#membership.start();
      const { section, group } = this.#options;
      const begun = Promise.all([...this.#beginnings.values()].map(({ promise }) => promise));
      await withTimeout(begun, section.deliveryTimeoutMs, `To find where ${group} begins`);
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /** What keeps it from reading at present; undefined when nothing does. */
  get trouble(): string | undefined {
    return this.#membership.trouble ?? this.#fetcher.trouble;
  }

  async poll({ bytesMax, waitMs, abort }: PollOptions): Promise<DeliveredMessage[]> {
    if (this.#closed) throw new BrokerError('not-running', 'The subscription is closed');
    if (this.#polling) throw new Error('One poll at a time');
    this.#polling = true;
    const deadline = performance.now() + waitMs;
    try {
      for (;;) {
        if (abort.aborted || this.#closed) return [];
        this.#arrival.reset();
        const messages = this.#gather(bytesMax);
        const leftMs = deadline - performance.now();
        if (messages.length > 0 || leftMs <= 0) return messages;
        await this.#arrival.wait(leftMs, abort);
      }
    } finally {
      this.#polling = false;
    }
  }

  async commit(positions: readonly Position[]): Promise<void> {
    if (this.#closed) return;
    const offsets = positions.flatMap((position) => {
      const held = this.#held.get(partitionName(position));
      return held === undefined ? [] : [held.after(position.position)];
    });
    if (offsets.length > 0) await this.#membership.commit(offsets);
  }

  async seek(position: Position): Promise<void> {
    this.#held.get(partitionName(position))?.seek(Math.max(0, position.position));
    this.#fetcher.wake();
  }

  pause(partitions: readonly TopicPartition[]): void {
    for (const held of this.#heldOf(partitions)) held.pause();
  }

  resume(partitions: readonly TopicPartition[]): void {
    for (const held of this.#heldOf(partitions)) held.paused = false;
    this.#fetcher.wake();
  }

  assigned(): TopicPartition[] {
    return [...this.#held.values()].map(({ topic, partition }) => ({ topic, partition }));
  }

  close(): Promise<void> {
    this.#closed ??= this.#leave();
    return this.#closed;
  }

  async #leave(): Promise<void> {
    this.#forget(this.assigned());
    this.#arrival.set();
    await Promise.all([this.#membership.close(), this.#fetcher.close()]);
    this.#options.onClose();
  }

  #gain(partitions: readonly TopicPartition[], committed: readonly CommittedOffset[]): void {
    const known = new Map(committed.map((offset) => [partitionName(offset), offset]));
    for (const { topic, partition } of partitions) {
      const name = partitionName({ topic, partition });
      this.#held.set(name, new Held(topic, partition, known.get(name)));
      if (!known.has(name)) this.#beginnings.set(name, Promise.withResolvers());
    }
    this.#fetcher.wake();
  }

  /** Not polled from now on; let go once `onRevoke` is done, or has had its time. */
  async #revoke(partitions: readonly TopicPartition[]): Promise<void> {
    for (const held of this.#heldOf(partitions)) held.revoking = true;
    await this.#callOnRevoke(partitions);
    this.#forget(partitions);
  }

  #forget(partitions: readonly TopicPartition[]): void {
    for (const name of partitions.map(partitionName)) {
      this.#held.delete(name);
      this.#settle(name);
    }
  }

  #settle(name: string): void {
    this.#beginnings.get(name)?.resolve();
    this.#beginnings.delete(name);
  }

  /** Too late to commit, yet who reads must drop what it has in flight. */
  #lose(): void {
    const lost = this.assigned();
    this.#forget(lost);
    if (lost.length > 0) void this.#callOnRevoke(lost);
  }

  async #callOnRevoke(partitions: readonly TopicPartition[]): Promise<void> {
    const { onRevoke, section, group, report } = this.#options;
    if (onRevoke === undefined) return;
    try {
      // The group waits for the whole of the time-out; to join again takes some of it.
      await withTimeout(onRevoke(partitions), section.rebalanceTimeoutMs * 0.8, 'onRevoke');
    } catch (error) {
      report({ type: 'revoke-failed', group, message: messageOf(error) });
    }
  }

  /** From here on the group's lag is known, and what retention takes from it. */
  #noteBegin({ topic, partition, fetchAt, expired }: Held): void {
    const offset = { topic, partition, position: fetchAt ?? 0, metadata: metadataOf(expired) };
    const noted = this.#membership.commit([offset]).catch((error) => {
      const { group, report } = this.#options;
      report({ type: 'retrying', group, what: 'commit', message: messageOf(error), waitMs: 0 });
    });
    noted.finally(() => this.#settle(partitionName({ topic, partition })));
  }

  #gather(bytesMax: number): DeliveredMessage[] {
    const messages: DeliveredMessage[] = [];
    let bytesLeft = bytesMax;
    for (const held of this.#inTurn()) {
      while (bytesLeft > 0) {
        const record = held.take(messages.length === 0 ? Number.POSITIVE_INFINITY : bytesLeft);
        if (record === undefined) break;
        messages.push(delivered(held, record));
        bytesLeft -= record.bytes;
      }
    }
    if (messages.length > 0) this.#fetcher.wake();
    return messages;
  }

  /** Every partition is first in turn, so that a full one does not starve the others. */
  #inTurn(): Held[] {
    const polled = [...this.#held.values()].filter(({ isPolled }) => isPolled);
    this.#turn += 1;
    const first = this.#turn % Math.max(1, polled.length);
    return [...polled.slice(first), ...polled.slice(0, first)];
  }

  #heldOf(partitions: readonly TopicPartition[]): Held[] {
    return partitions.flatMap((partition) => this.#held.get(partitionName(partition)) ?? []);
  }
}
