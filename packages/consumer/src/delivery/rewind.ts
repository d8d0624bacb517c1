import {
  type Broker,
  partitionName,
  type Subscription,
  type TopicPartition,
} from '@spillway/broker';
import type { Sink } from '@spillway/store';

export interface Rewind extends TopicPartition {
  from: number;
  to: number;
}

export interface RewinderOptions {
  broker: Broker;
  group: string;
  sink: Sink;
  /** Where a partition begins of which the sink knows nothing, ms since the epoch; else its start. */
  replayFromMs?: () => number;
  report: (rewind: Rewind) => void;
}

/**
 * A sink that is less durable than the log keeps its own positions. Where they are behind the
 * group's committed ones, the group goes back to them before it hands anything over, so what the
 * sink lost is handed over again and the lag says so meanwhile. Each member does so for the
 * partitions that it holds.
 */
export class Rewinder {
  readonly #options: RewinderOptions;
  /** Partitions of which the sink has everything before what is read next. */
  readonly #settled = new Set<string>();
  /** What was read of all partitions and not committed is to be read again. */
  #dropped = false;
  /** Moved, and not reported yet: what came after it broke off. */
  readonly #moved = new Set<string>();

  constructor(options: RewinderOptions) {
    this.#options = options;
  }

  forget(partition: TopicPartition): void {
    this.#settled.delete(partitionName(partition));
  }

  /** Whether `settle` would have nothing to do. */
  isSettled(subscription: Subscription): boolean {
    return subscription.assigned().every((each) => this.#settled.has(partitionName(each)));
  }

  /** For a new subscription, or a sink that failed: it may come back with less than it had. */
  forgetAll(): void {
    this.#settled.clear();
  }

  /** After the sink came back with less than it had: what is in flight is dropped. */
  startOver(): void {
    this.#settled.clear();
    this.#dropped = true;
  }

  /** Names of the partitions that were moved; what was read of them before is void. */
  async settle(subscription: Subscription): Promise<ReadonlySet<string>> {
    const { broker, sink, report } = this.#options;
    const partitions = subscription
      .assigned()
      .filter((partition) => !this.#settled.has(partitionName(partition)));
    const isKeeper = sink.capabilities.nextPositions && broker.capabilities.canReplay;
    for (const rewind of isKeeper && partitions.length ? await this.#find(partitions) : []) {
      const { topic, partition, from, to } = rewind;
      const name = partitionName(rewind);
      if (to >= from && !this.#dropped && !this.#moved.has(name)) continue;
      this.#moved.add(name);
      await subscription.seek({ topic, partition, position: to });
      if (to >= from) continue;
      await subscription.commit([{ topic, partition, position: to - 1 }]);
      report(rewind);
    }
    for (const partition of partitions) this.#settled.add(partitionName(partition));
    this.#dropped = false;
    const moved = new Set(this.#moved);
    this.#moved.clear();
    return moved;
  }

  /** From where the group stands to where the sink does, which is never further. */
  async #find(partitions: readonly TopicPartition[]): Promise<Rewind[]> {
    const { broker, group, sink, replayFromMs } = this.#options;
    const next = new Map(
      (await sink.capabilities.nextPositions?.(partitions))?.map((at) => [
        partitionName(at),
        at.position,
      ]),
    );
    const lags = new Map((await broker.lag(group)).map((lag) => [partitionName(lag), lag]));
    const rewinds: Rewind[] = [];
    for (const { topic, partition } of partitions) {
      const name = partitionName({ topic, partition });
      const lag = lags.get(name);
      const from = lag?.committed ?? lag?.start;
      if ((lag || this.#dropped) && typeof from !== 'number') {
        // Read on without looking, and what the sink lacks would be passed over for good.
        throw new Error(`where ${group} stands in ${name} is not known now`);
      }
      if (typeof from !== 'number') continue;
      const begin = () => broker.positionAt({ topic, partition }, replayFromMs?.() ?? 0);
      const to = next.get(name) ?? (replayFromMs ? await begin() : 0);
      const kept = Math.max(to, lag?.start ?? to);
      rewinds.push({ topic, partition, from, to: Math.min(from, kept) });
    }
    return rewinds;
  }
}
