import { type Broker, deadLetterTopicOf, topicOf } from '@spillway/broker';
import { type Signal, signals } from '@spillway/otlp';
import { type BreakerEvent, type Dependencies, waitAtMost } from '@spillway/resilience';
import type { Spill, SpilledMessage } from '@spillway/spill';
import { drainBytesMaxOf } from '../model/budget.ts';
import type { GatewayConfig } from '../model/config.ts';
import { Histogram } from '../model/counters.ts';
import type { Refusal } from '../model/refusal.ts';
import type { GatewayStats } from '../model/stats.ts';
import type { Accounting } from './accounting.ts';
import type { DrainEvent } from './drain.ts';
import type { MessageStamper } from './message-stamper.ts';
import type { PendingRequest, PublishResult } from './pending-request.ts';
import { PublishPolicy } from './publish-policy.ts';
import { SignalPublisher } from './signal-publisher.ts';
import { Spillover } from './spillover.ts';

export type PublishEvent =
  | BreakerEvent
  | DrainEvent
  /** At a stop: what stays in the spill, for the next owner of its folder. */
  | { type: 'spill-left'; messages: number; bytes: number };

export interface PublisherOptions {
  broker: Broker;
  config: GatewayConfig;
  stamper: MessageStamper;
  accounting: Accounting;
  /** Open, and given up by its owner after `stop`. Without one, what the broker refuses is refused. */
  spill?: Spill | undefined;
  dependencies?: Dependencies | undefined;
  report?: ((event: PublishEvent) => void) | undefined;
  onDrained: (message: SpilledMessage, position: number | undefined) => void;
  /** Monotonic milliseconds. */
  nowMs: () => number;
  /** Milliseconds since 1970. */
  wallMs: () => number;
  /** From 0 to below 1: spreads waits. */
  random?: (() => number) | undefined;
}

/**
 * Publishes through spillover(retry(breaker(timeout(broker)))), one for each signal: none can
 * starve another.
 */
export class Publisher {
  readonly #options: PublisherOptions;
  readonly #spillover: Spillover | undefined;
  readonly #measures = {
    messages: new Histogram([1, 2, 4, 8, 16, 32, 64, 128, 256, 512]),
    bytes: new Histogram([1e3, 1e4, 1e5, 1e6, 1e7, 1e8]),
    seconds: new Histogram([0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5]),
  };
  readonly #signals: ReadonlyMap<Signal, SignalPublisher>;
  readonly #down = new Set<string>();

  constructor(options: PublisherOptions) {
    this.#options = options;
    const { spill, config, nowMs, wallMs } = options;
    const drainBytesMax = drainBytesMaxOf(config);
    this.#spillover =
      spill && new Spillover({ spill, config: config.spill, drainBytesMax, nowMs, wallMs });
    this.#signals = new Map(signals.map((signal) => [signal, this.#signalPublisher(signal)]));
  }

  /** Goes on with what an earlier process left in the spill. */
  start(): void {
    this.#spillover?.start();
    for (const backlog of this.#options.spill?.backlog() ?? []) {
      const { topic, messages } = backlog;
      const signal = signals.find(
        (one) => topicOf[one] === topic || deadLetterTopicOf[one] === topic,
      );
      if (signal) this.#signals.get(signal)?.takeOver(backlog, messages);
    }
  }

  /** Resolves when every message has its outcome, which may be long after the request's answer. */
  publish(request: PendingRequest): Promise<PublishResult | Refusal> {
    return (this.#signals.get(request.signal) as SignalPublisher).publish(request);
  }

  /** Resolves when nothing waits for an outcome. */
  async idle(): Promise<void> {
    await Promise.all([...this.#signals.values()].map((one) => one.idle()));
  }

  /** Drains until the deadline; says what stays in the spill. */
  async stop(deadline: AbortSignal): Promise<void> {
    const signals = [...this.#signals.values()];
    const drained = Promise.all(signals.map((one) => one.drained()));
    await waitAtMost(drained, { abort: deadline });
    await Promise.all(signals.map((one) => one.stop()));
    this.#spillover?.stop();
    const { messages = 0, bytes = 0 } = this.#options.spill?.stats() ?? {};
    if (messages > 0) this.#options.report?.({ type: 'spill-left', messages, bytes });
  }

  /** Why what the broker does not take would be refused; undefined when it would not. */
  get cannotSpill(): string | undefined {
    return this.#spillover ? this.#spillover.cut || undefined : 'there is no spill';
  }

  stats(): Pick<
    GatewayStats,
    'queueBytes' | 'publishMessages' | 'publishBytes' | 'publishSeconds' | 'signals' | 'spill'
  > {
    const signals = [...this.#signals.values()].map((one) => one.stats());
    return {
      queueBytes: signals.reduce((sum, { queueBytes }) => sum + queueBytes, 0),
      publishMessages: this.#measures.messages.stats(),
      publishBytes: this.#measures.bytes.stats(),
      publishSeconds: this.#measures.seconds.stats(),
      signals,
      spill: this.#spillover?.stats(),
    };
  }

  #signalPublisher(signal: Signal): SignalPublisher {
    const { broker, config, stamper, accounting, nowMs, onDrained, random } = this.#options;
    // What the fleet says sends messages into the spill; without one it would only refuse them.
    const dependencies = this.#spillover && this.#options.dependencies;
    const report = (event: PublishEvent): void => this.#options.report?.(event);
    const { publishTimeoutMs } = config;
    const policy = new PublishPolicy({
      broker,
      publishTimeoutMs,
      dependencies,
      nowMs,
      random,
      name: `broker ${signal}`,
      report: (event) => {
        this.#judge(event);
        report(event);
      },
    });
    return new SignalPublisher({
      ...config,
      signal,
      policy,
      stamper,
      accounting,
      nowMs,
      onDrained,
      report,
      random,
      spillover: this.#spillover,
      measures: this.#measures,
    });
  }

  /** The breaker of one signal is enough to hold the broker down; all must have closed. */
  #judge({ type, breaker }: BreakerEvent): void {
    const { dependencies } = this.#options;
    if (type === 'breaker-opened') {
      this.#down.add(breaker);
      dependencies?.report('broker', 'down', `publishing fails: ${breaker}`);
    } else if (type === 'breaker-closed') {
      this.#down.delete(breaker);
      if (this.#down.size === 0) dependencies?.report('broker', 'up');
    }
  }
}
