import { type TopicPartition, topicOf } from '@spillway/broker';
import type { Signal } from '@spillway/otlp';
import type { SpilledMessage } from '@spillway/spill';
import { type DrainEvent, drain } from '../drain.ts';
import type { PendingMessage } from '../pending-request.ts';
import type { PublishPolicy } from '../publish-policy.ts';
import type { Spillover } from '../spillover.ts';
import { Partition } from './partition.ts';
import type { PartitionMode } from './partition-state.ts';

export interface PartitionTableOptions {
  signal: Signal;
  policy: PublishPolicy;
  spillover: Spillover | undefined;
  publishTimeoutMs: number;
  /** Monotonic milliseconds. */
  nowMs: () => number;
  onSettled: (message: PendingMessage) => void;
  publish: (messages: readonly PendingMessage[]) => void;
  onDrained: (message: SpilledMessage, position: number | undefined) => void;
  report: (event: DrainEvent) => void;
  random?: (() => number) | undefined;
}

/** The partitions of one signal, of its messages and of its dead letters, and the drains of each. */
export class PartitionTable {
  readonly #options: PartitionTableOptions;
  readonly #topic: string;
  readonly #messages: Partition[] = [];
  readonly #deadLetters: Partition[] = [];
  readonly #drains = new Map<Partition, Promise<void>>();
  readonly #stopping = new AbortController();

  constructor(options: PartitionTableOptions) {
    this.#options = options;
    this.#topic = topicOf[options.signal];
  }

  get({ topic, partition: number }: TopicPartition): Partition {
    const partitions = topic === this.#topic ? this.#messages : this.#deadLetters;
    partitions[number] ??= this.#newPartition({ topic, partition: number });
    return partitions[number];
  }

  /** How many partitions are in each mode. */
  get modes(): Record<PartitionMode, number> {
    const modes = { direct: 0, spilling: 0, draining: 0 };
    // There may be holes, where no message came.
    for (const partition of [...this.#messages, ...this.#deadLetters]) {
      if (partition) modes[partition.mode] += 1;
    }
    return modes;
  }

  /** Resolves when nothing of this signal waits in the spill, or at `stop`. */
  async drained(): Promise<void> {
    await Promise.all(this.#drains.values());
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.drained();
  }

  #newPartition(place: TopicPartition): Partition {
    const { policy, spillover, publishTimeoutMs, nowMs, onSettled, publish } = this.#options;
    const partition = new Partition({
      place,
      policy,
      spillover,
      publishTimeoutMs,
      nowMs,
      onSettled,
      publish,
      onSpilling: () => this.#drain(partition),
    });
    return partition;
  }

  #drain(partition: Partition): void {
    const { spillover } = this.#options;
    const { signal: abort } = this.#stopping;
    if (!spillover || this.#drains.has(partition) || abort.aborted) return;
    const drained = drain({ ...this.#options, partition, spillover }, abort).finally(() => {
      this.#drains.delete(partition);
      // Something may have come in the same turn.
      if (partition.mode !== 'direct') this.#drain(partition);
    });
    this.#drains.set(partition, drained);
  }
}
