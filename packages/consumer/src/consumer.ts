import { type Broker, type Subscription, topicOf } from '@spillway/broker';
import { signals } from '@spillway/otlp';
import { type Dependencies, fullJitterMs, messageOf, sleep } from '@spillway/resilience';
import type { Sink } from '@spillway/store';
import { type ConsumerLimits, defaultLimits } from './config.ts';
import { ConsumeLoop } from './consume-loop.ts';
import type { ConsumerEvent } from './consumer-event.ts';
import { type ConsumerReport, newStats } from './consumer-stats.ts';
import type { CrashRecord } from './crash-record.ts';
import { Delivery } from './delivery/delivery.ts';
import { Rewinder } from './delivery/rewind.ts';
import { StoreGate } from './delivery/store-gate.ts';

/** Options of a consumer. */
export interface ConsumerOptions {
  group: string;
  broker: Broker;
  sink: Sink;
  limits?: Partial<ConsumerLimits>;
  /** Where a sink that knows nothing of a partition begins to read: ms since the epoch. */
  replayFromMs?: () => number;
  /** Notified when the store goes down and comes back, under the name `dependency`. */
  dependencies?: Dependencies;
  dependency?: string;
  /** Shared by the consumers of this process; without one no message is set aside for ending it. */
  crashRecord?: CrashRecord | undefined;
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
  readonly #random: () => number;
  readonly #abort = new AbortController();
  readonly #stats = newStats();
  readonly #gate: StoreGate;
  readonly #delivery: Delivery;
  readonly #rewinder: Rewinder;
  #subscription: Subscription | undefined;
  #running: Promise<void> | undefined;
  #loop: ConsumeLoop | undefined;
  #pause: PromiseWithResolvers<void> | undefined;
  #trouble: string | undefined;

  constructor(options: ConsumerOptions) {
    this.name = `${options.group} consumer`;
    this.#options = options;
    this.#limits = { ...defaultLimits, ...options.limits };
    this.#clock = options.clock ?? Date.now;
    const { group, broker, sink, report, dependency, dependencies } = options;
    this.#random = options.random ?? Math.random;
    const common = { limits: this.#limits, random: this.#random };
    this.#rewinder = new Rewinder({
      ...options,
      report: (rewind) => report?.({ type: 'rewound', group, ...rewind }),
    });
    this.#gate = new StoreGate({
      ...common,
      dependency,
      dependencies,
      name: `${group} ${sink.name}`,
      nowMs: () => performance.now(),
      onState: (state, reason) => report?.({ type: `store-${state}`, group, reason }),
    });
    this.#delivery = new Delivery({
      ...common,
      group,
      broker,
      sink,
      report,
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

  /** Finishes and commits the batch in flight, then leaves the group. */
  async stop(): Promise<void> {
    this.#abort.abort();
    this.resume();
    await this.#running;
    await this.#subscription?.close();
    this.#gate.stop();
  }

  health(): { ok: boolean; detail: string } {
    const { trouble, state } = this.#gate;
    const { partitions, reason } = this.#loop?.held ?? { partitions: 0, reason: '' };
    if (this.#trouble) return { ok: false, detail: this.#trouble };
    if (trouble !== undefined) {
      const paused =
        state === 'closed' ? '' : ' (down: partitions are paused, the store is probed)';
      return { ok: false, detail: `${this.#options.sink.name}: ${trouble}${paused}` };
    }
    if (this.#pause) return { ok: true, detail: 'paused by an operator' };
    const held = partitions ? `; ${partitions} partitions wait for the store: ${reason}` : '';
    return { ok: true, detail: `consuming${held}` };
  }

  stats(): Readonly<ConsumerReport> {
    const { state: breaker, opened: breakerOpened } = this.#gate;
    const partitionsHeld = this.#loop?.held.partitions ?? 0;
    return { ...this.#stats, breaker, breakerOpened, partitionsHeld };
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
      onRevoke: async (partitions) => await this.#loop?.onRevoked(partitions),
    });
    this.#rewinder.forgetAll();
    // Before anyone asks for the lag; a sink that does not know now is asked again by the loop.
    await this.#rewinder.settle(subscription).catch(() => undefined);
    return subscription;
  }

  /** What breaks off (a commit that the disk refused) begins again where the group stands. */
  async #runOn(joined: Subscription): Promise<void> {
    const { group, report } = this.#options;
    const { retryBaseMs: baseMs, retryMaxMs: maxMs } = this.#limits;
    let subscription: Subscription | undefined = joined;
    for (let failures = 1; ; failures++) {
      try {
        subscription ??= await this.#join();
        this.#subscription = subscription;
        this.#loop = this.#loopOn(subscription);
        await this.#loop.run();
        return;
      } catch (error) {
        this.#trouble = `broken off: ${messageOf(error)}`;
        report?.({ type: 'failed', group, error: error as Error });
      }
      await subscription?.close().catch(() => undefined); // It broke off; a new one takes over.
      subscription = undefined;
      this.#loop = undefined;
      const waitMs = fullJitterMs(failures, { baseMs, maxMs, random: this.#random });
      if (!(await sleep(waitMs, this.#abort.signal))) return;
    }
  }

  #loopOn(subscription: Subscription): ConsumeLoop {
    const { group, report } = this.#options;
    return new ConsumeLoop({
      subscription,
      group,
      report,
      limits: this.#limits,
      gate: this.#gate,
      delivery: this.#delivery,
      rewinder: this.#rewinder,
      crashRecord: this.#options.crashRecord,
      stats: this.#stats,
      abort: this.#abort.signal,
      clock: this.#clock,
      random: this.#random,
      unpaused: () => this.#pause?.promise,
      onCommitted: () => {
        this.#trouble = undefined;
      },
    });
  }
}
