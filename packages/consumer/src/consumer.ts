import {
  type Broker,
  partitionName,
  type Subscription,
  type TopicPartition,
  topicOf,
} from '@spillway/broker';
import { signals } from '@spillway/otlp';
import type { Sink } from '@spillway/store';
import { backoffMs } from './backoff.ts';
import { positionsToCommit } from './commit.ts';
import { type ConsumerLimits, defaultLimits } from './config.ts';
import type { ConsumerEvent } from './consumer-event.ts';
import { type ConsumerStats, count, newStats } from './consumer-stats.ts';
import { decodeMessage, type Item } from './decode-message.ts';
import { Delivery } from './delivery.ts';
import { firstRetries, HeldPartitions, type Retry } from './held-partitions.ts';
import { persist, sleep } from './retry.ts';
import { Rewinder } from './rewind.ts';

export interface ConsumerOptions {
  group: string;
  broker: Broker;
  sink: Sink;
  limits?: Partial<ConsumerLimits>;
  /** Where a sink that knows nothing of a partition begins to read: ms since the epoch. */
  replayFromMs?: () => number;
  report?: (event: ConsumerEvent) => void;
  clock?: () => number;
  random?: () => number;
}

/**
 * Reads a group's messages, hands them to a sink, publishes what the sink refuses as dead letters,
 * and only then commits. The next batch is read and decoded while the sink works on this one.
 */
export class Consumer {
  readonly name: string;
  readonly #options: ConsumerOptions;
  readonly #limits: ConsumerLimits;
  readonly #clock: () => number;
  readonly #abort = new AbortController();
  readonly #held = new HeldPartitions();
  readonly #stats = newStats();
  readonly #delivery: Delivery;
  readonly #rewinder: Rewinder;
  #subscription: Subscription | undefined;
  #running: Promise<void> | undefined;
  #round: Promise<void> = Promise.resolve();
  #pause: PromiseWithResolvers<void> | undefined;
  #trouble: string | undefined;

  constructor(options: ConsumerOptions) {
    this.name = `${options.group} consumer`;
    this.#options = options;
    this.#limits = { ...defaultLimits, ...options.limits };
    this.#clock = options.clock ?? Date.now;
    const { group, broker, sink, report, random = Math.random } = options;
    this.#rewinder = new Rewinder({
      ...options,
      report: (rewind) => report?.({ type: 'rewound', group, ...rewind }),
    });
    this.#delivery = new Delivery({
      ...{ group, broker, sink, report, random },
      limits: this.#limits,
      signal: this.#abort.signal,
      onRetry: () => {
        this.#stats.retries++;
      },
      onTrouble: (trouble) => {
        this.#trouble = trouble;
      },
    });
  }

  async start(): Promise<void> {
    this.#subscription = await this.#join();
    this.#running = this.#runOn(this.#subscription);
  }

  /** Finishes and commits the batch in hand, then leaves the group. */
  async stop(): Promise<void> {
    this.#abort.abort();
    this.resume();
    await this.#running;
    await this.#subscription?.close();
  }

  health(): { ok: boolean; detail: string } {
    if (this.#trouble) return { ok: false, detail: this.#trouble };
    return { ok: true, detail: this.#pause ? 'paused by an operator' : 'consuming' };
  }

  stats(): Readonly<ConsumerStats> {
    return this.#stats;
  }

  get paused(): boolean {
    return this.#pause !== undefined;
  }

  /** Stays in the group and hands nothing over until `resume`. */
  pause(): void {
    this.#pause ??= Promise.withResolvers();
  }

  resume(): void {
    this.#pause?.resolve();
    this.#pause = undefined;
  }

  async #join(): Promise<Subscription> {
    const { broker, group } = this.#options;
    const subscription = await broker.subscribe({
      group,
      topics: signals.map((signal) => topicOf[signal]),
      onRevoke: (partitions) => this.#giveUp(partitions),
    });
    this.#rewinder.forgetAll();
    // Before anyone asks for the lag; a sink that cannot tell now is asked again by the loop.
    await this.#rewinder.settle(subscription).catch(() => undefined);
    return subscription;
  }

  /** What breaks off (a commit that the disk refused) begins anew where the group stands. */
  async #runOn(joined: Subscription): Promise<void> {
    const { group, report, random = Math.random } = this.#options;
    const { retryBaseMs: baseMs, retryMaxMs: maxMs } = this.#limits;
    let subscription: Subscription | undefined = joined;
    for (let attempt = 0; ; attempt++) {
      try {
        subscription ??= await this.#join();
        this.#subscription = subscription;
        await this.#run(subscription);
        return;
      } catch (error) {
        this.#trouble = `broken off: ${(error as Error).message}`;
        report?.({ type: 'failed', group, error: error as Error });
      }
      await subscription?.close().catch(() => undefined); // It broke off; a new one takes over.
      subscription = undefined;
      this.#held.clear();
      if (!(await sleep(backoffMs(attempt, { baseMs, maxMs, random }), this.#abort.signal))) return;
    }
  }

  async #run(subscription: Subscription): Promise<void> {
    let upcoming = this.#fetch(subscription);
    while (!this.#abort.signal.aborted) {
      const polled = await upcoming;
      await this.#pause?.promise;
      const moved = await this.#settleIn(subscription);
      if (this.#abort.signal.aborted || !moved) return;
      const current = polled.filter((item) => !moved.has(partitionName(item)));
      upcoming = this.#fetch(subscription);
      upcoming.catch(() => undefined); // The next round awaits it and throws what it threw.
      this.#round = this.#handOver(subscription, current);
      await this.#round;
    }
    await upcoming;
  }

  /** Partitions that the sink wanted from further back; waits for as long as it cannot tell. */
  async #settleIn(subscription: Subscription): Promise<ReadonlySet<string> | undefined> {
    const { sink, group, report, random = Math.random } = this.#options;
    const { retryBaseMs: baseMs, retryMaxMs: maxMs } = this.#limits;
    const settled = await persist(() => this.#rewinder.settle(subscription), {
      signal: this.#abort.signal,
      backoff: { baseMs, maxMs, random },
      onFailure: (error, attempt, waitMs) => {
        this.#stats.retries++;
        this.#trouble = `${sink.name}: ${error.message}`;
        report?.({ type: 'sink-unavailable', group, attempt, waitMs, error });
      },
    });
    return settled?.value;
  }

  async #fetch(subscription: Subscription): Promise<Item[]> {
    const { batchBytesMax, pollWaitMs, gatherMs, retryBaseMs } = this.#limits;
    const { signal } = this.#abort;
    const waitMs = this.#held.size ? Math.min(pollWaitMs, retryBaseMs) : pollWaitMs;
    const messages = await subscription.poll({ bytesMax: batchBytesMax, waitMs, signal });
    const bytes = messages.reduce((sum, { value }) => sum + value.byteLength, 0);
    const bytesMax = batchBytesMax - bytes;
    if (messages.length && bytesMax > bytes && (await sleep(gatherMs, signal))) {
      messages.push(...(await subscription.poll({ bytesMax, waitMs: 0, signal })));
    }
    return messages.map((message) => decodeMessage(message, this.#options.group));
  }

  async #handOver(subscription: Subscription, polled: readonly Item[]): Promise<void> {
    const ours = new Set(subscription.assigned().map(partitionName));
    const admitted = this.#held.admit(polled, this.#clock());
    const items = admitted.filter((item) => ours.has(partitionName(item)));
    if (!items.length) return;
    const applied = await this.#delivery.apply(items);
    if (!applied) return;
    const outcomes = applied.value;
    if (!outcomes) {
      this.#rewinder.startOver();
      this.#held.clear();
      subscription.resume(subscription.assigned());
      return;
    }
    const retries = firstRetries(items, outcomes);
    const isDone = (item: Item): boolean => {
      const retry = retries.get(partitionName(item));
      return retry === undefined || item.position < retry.position;
    };
    const done = items.filter(isDone);
    if (!(await this.#delivery.bury(done, outcomes))) return;
    await subscription.commit(positionsToCommit(items, isDone));
    this.#trouble = undefined;
    count(this.#stats, done, outcomes);
    this.#settle(subscription, items, retries);
  }

  /** Holds the partitions of which the sink wants something again, lets the others go on. */
  #settle(
    subscription: Subscription,
    items: readonly Item[],
    retries: ReadonlyMap<string, Retry>,
  ): void {
    const { group, report } = this.#options;
    for (const [name, own] of Map.groupBy(items, partitionName)) {
      const partition = own[0] as Item;
      const retry = retries.get(name);
      if (!retry) {
        if (this.#held.release(partition)) subscription.resume([partition]);
        continue;
      }
      const waitMs = Math.max(retry.afterMs, this.#limits.retryBaseMs);
      const left = own.filter(({ position }) => position >= retry.position);
      this.#held.hold(partition, left, this.#clock() + waitMs);
      subscription.pause([partition]);
      this.#stats.retries++;
      report?.({ type: 'partition-held', group, partition: name, reason: retry.reason, waitMs });
    }
  }

  /** Before partitions move: the batch in hand is finished and committed, the rest is dropped. */
  async #giveUp(partitions: readonly TopicPartition[]): Promise<void> {
    await this.#round.catch(() => undefined); // The loop reports it.
    for (const partition of partitions) {
      this.#held.release(partition);
      this.#rewinder.forget(partition);
    }
  }
}
