import {
  BrokerError,
  type DeliveredMessage,
  type PollOptions,
  type Position,
  partitionName,
  type SubscribeOptions,
  type Subscription,
  type TopicPartition,
} from '@spillway/broker';
import { AutoResetEvent, messageOf, withTimeout } from '@spillway/resilience';
import type { EmbeddedBrokerEvent } from './config.ts';
import type { Log } from './log/logs.ts';
import { decodeMessage } from './log/message.ts';
import type { Offsets } from './log/offsets.ts';

export interface MemberOptions extends SubscribeOptions {
  offsets: Offsets;
  revokeMs: number;
  report: (event: EmbeddedBrokerEvent) => void;
  leave: (member: Member) => Promise<void>;
}

interface Held {
  log: Log;
  /** The next position to poll. */
  at: number;
  /** Grows with each seek, so that what was read before it is not delivered after it. */
  seeks: number;
  paused: boolean;
  revoking: boolean;
}

interface Gathered {
  held: Held;
  seeks: number;
  next: number;
  messages: DeliveredMessage[];
}

/** One member of a group. One poll at a time. */
export class Member implements Subscription {
  readonly topics: ReadonlySet<string>;
  readonly #options: MemberOptions;
  readonly #held = new Map<string, Held>();
  #turn = 0;
  #polling = false;
  #closed = false;
  readonly #arrival = new AutoResetEvent();

  constructor(options: MemberOptions) {
    this.#options = options;
    this.topics = new Set(options.topics);
  }

  async poll({ bytesMax, waitMs, abort }: PollOptions): Promise<DeliveredMessage[]> {
    if (this.#closed) throw new BrokerError('not-running', 'The subscription is closed');
    if (this.#polling) throw new Error('One poll at a time');
    this.#polling = true;
    const deadline = performance.now() + waitMs;
    try {
      for (;;) {
        this.#arrival.reset();
        const messages = await this.#gather(bytesMax, abort);
        const leftMs = deadline - performance.now();
        if (messages.length > 0 || leftMs <= 0 || abort.aborted || this.#closed) return messages;
        await this.#arrival.wait(leftMs, abort);
      }
    } finally {
      this.#polling = false;
    }
  }

  async commit(positions: readonly Position[]): Promise<void> {
    const { group, offsets } = this.#options;
    const changes = positions.flatMap(({ topic, partition, position }) => {
      const held = this.#held.get(partitionName({ topic, partition }));
      if (held === undefined) return [];
      const expired = offsets.get(group, held.log)?.expired ?? 0;
      return [{ group, topic, partition, committed: clamp(position + 1, held.log), expired }];
    });
    if (changes.length > 0) await offsets.set(changes);
  }

  async seek(position: Position): Promise<void> {
    const held = this.#held.get(partitionName(position));
    if (held === undefined) return;
    held.at = clamp(position.position, held.log);
    held.seeks += 1;
    this.wake();
  }

  pause(partitions: readonly TopicPartition[]): void {
    for (const held of this.#heldOf(partitions)) held.paused = true;
  }

  resume(partitions: readonly TopicPartition[]): void {
    for (const held of this.#heldOf(partitions)) held.paused = false;
    this.wake();
  }

  assigned(): TopicPartition[] {
    return [...this.#held.values()].map(({ log: { topic, partition } }) => ({ topic, partition }));
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#held.clear();
    this.wake();
    await this.#options.leave(this);
  }

  /** Something may be there to poll. */
  wake(): void {
    this.#arrival.set();
  }

  /** Not polled from now on; let go once `onRevoke` is done, or has had its time. */
  async revoke(partitions: readonly TopicPartition[]): Promise<void> {
    if (partitions.length === 0) return;
    for (const held of this.#heldOf(partitions)) held.revoking = true;
    const { onRevoke, revokeMs, group, report } = this.#options;
    try {
      await withTimeout(onRevoke?.(partitions), revokeMs, 'onRevoke');
    } catch (error) {
      report({ type: 'revoke-failed', group, message: messageOf(error) });
    }
    for (const partition of partitions) this.#held.delete(partitionName(partition));
  }

  /** Goes on from where the group has committed. */
  gain(logs: readonly Log[]): void {
    if (this.#closed) return;
    const { group, offsets } = this.#options;
    for (const log of logs) {
      if (this.#held.has(partitionName(log))) continue;
      const at = offsets.get(group, log)?.committed ?? log.journal.start;
      this.#held.set(partitionName(log), { log, at, seeks: 0, paused: false, revoking: false });
    }
    this.wake();
  }

  async #gather(bytesMax: number, abort: AbortSignal): Promise<DeliveredMessage[]> {
    const gathered: Gathered[] = [];
    let bytesLeft = bytesMax;
    for (const held of this.#inTurn()) {
      if (bytesLeft <= 0 || abort.aborted) break;
      if (!isPolled(held) || held.at >= held.log.journal.end) continue;
      const { at, seeks, log } = held;
      const { entries, next } = await log.journal.read(at, { bytesMax: bytesLeft });
      gathered.push({
        held,
        seeks,
        next,
        messages: entries.map((entry) => decodeMessage(entry, log)),
      });
      for (const { payload } of entries) bytesLeft -= payload.length;
    }
    if (abort.aborted || this.#closed) return [];
    return gathered.flatMap((part) => this.#take(part));
  }

  /** Nothing of a partition that was let go, paused or moved by a seek during the reads. */
  #take({ held, seeks, next, messages }: Gathered): DeliveredMessage[] {
    const current = this.#held.get(partitionName(held.log)) === held;
    if (!current || !isPolled(held) || held.seeks !== seeks) return [];
    held.at = next;
    return messages;
  }

  /** Every partition is first in turn, so that a full one does not starve the others. */
  #inTurn(): Held[] {
    const all = [...this.#held.values()];
    this.#turn += 1;
    const first = this.#turn % Math.max(1, all.length);
    return [...all.slice(first), ...all.slice(0, first)];
  }

  #heldOf(partitions: readonly TopicPartition[]): Held[] {
    return partitions.flatMap((partition) => this.#held.get(partitionName(partition)) ?? []);
  }
}

function isPolled({ paused, revoking }: Held): boolean {
  return !paused && !revoking;
}

function clamp(position: number, { journal }: Log): number {
  return Math.min(Math.max(position, journal.start), journal.end);
}
