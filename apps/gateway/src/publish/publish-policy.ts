import type { Broker, OutgoingMessage, PublishOutcome } from '@spillway/broker';
import {
  abortAfter,
  Breaker,
  type BreakerEvent,
  type BreakerStats,
  type Dependencies,
  messageOf,
  RetryBudget,
  retry,
  sleep,
} from '@spillway/resilience';
import { isTooLarge, isTransient } from './pending-request.ts';

export interface PublishPolicyOptions {
  broker: Broker;
  /** Name of its breaker, such as `broker traces`. */
  name: string;
  publishTimeoutMs: number;
  dependencies?: Dependencies | undefined;
  report: (event: BreakerEvent) => void;
  nowMs: () => number;
  random?: (() => number) | undefined;
}

export interface PublishPolicyStats extends BreakerStats {
  retries: number;
  /** Left of the budget. */
  retryTokens: number;
}

type Outcomes = readonly PublishOutcome[];

const breakerLimits = {
  failuresPercentMax: 50,
  callsMin: 20,
  failuresInRowMax: 3,
  windowMs: 10_000,
  resetMs: 1000,
};
const retryLimits = { retriesMax: 2, baseMs: 50, maxMs: 500 };
/** At most one publish more in ten, and ten of them at once. */
const budgetLimits = { ratio: 0.1, tokensMax: 10 };

/** Publishes through retry(breaker(timeout(broker))) for one signal. Never rejects. */
export class PublishPolicy {
  readonly #options: PublishPolicyOptions;
  readonly #breaker: Breaker;
  readonly #budget = new RetryBudget(budgetLimits);
  readonly #paused = new Set<AbortController>();
  #retries = 0;

  constructor(options: PublishPolicyOptions) {
    this.#options = options;
    const { name, report } = options;
    this.#breaker = new Breaker({
      ...breakerLimits,
      name,
      report: (event) => {
        report(event);
        // What closes the breaker of one partition is news for all that wait.
        if (event.type === 'breaker-closed') for (const pause of this.#paused) pause.abort();
      },
    });
  }

  /**
   * Whether new messages should be tried at the broker at all. Who holds it down itself tries when
   * it is time, whatever the fleet holds: otherwise no process would find out, unless something
   * waits to drain.
   */
  get admits(): boolean {
    if (!this.#breaker.admits) return false;
    return this.#breaker.state === 'half-open' || !this.#options.dependencies?.isDown('broker');
  }

  /** Whether this process may try how the broker is. */
  get mayProbe(): boolean {
    return this.#breaker.admits;
  }

  /**
   * Publishes like `once`, for what was acknowledged already: nothing becomes durable behind what
   * does not. There are fewer outcomes than messages where the rest was not tried.
   */
  async inOrder(messages: readonly OutgoingMessage[]): Promise<Outcomes> {
    if (this.#options.broker.capabilities.keepsPrefix) return await this.once(messages);
    const outcomes: PublishOutcome[] = [];
    for (const message of messages) {
      const [outcome = noOutcome] = await this.once([message]);
      outcomes.push(outcome);
      if (outcome.status !== 'durable' && !isTooLarge(outcome)) break;
    }
    return outcomes;
  }

  /**
   * breaker(timeout(broker)). The broker is called before this returns: the order is the calls'.
   */
  once(messages: readonly OutgoingMessage[]): Promise<Outcomes> {
    this.#budget.earn();
    return this.#guarded(messages, this.#options.publishTimeoutMs);
  }

  /**
   * What the broker refused and may take, in order, within the budget and `limitMs`. Outcomes of
   * the last try of each.
   */
  async again(messages: readonly OutgoingMessage[], limitMs: number): Promise<Outcomes> {
    const { nowMs, random } = this.#options;
    const endMs = nowMs() + limitMs;
    const outcomes: PublishOutcome[] = messages.map(() => notYet);
    await retry(
      async (number) => {
        // The first call of `retry` is the wait before the second try: the first was a `once`.
        if (number === 1) return true;
        const pending = indexesOf(outcomes, isTransient);
        const tried = pending.map((i) => messages[i] as OutgoingMessage);
        const results = await this.#guarded(tried, Math.max(1, endMs - nowMs()));
        pending.forEach((i, at) => {
          outcomes[i] = results[at] ?? noOutcome;
        });
        return this.admits && canTryAgain(outcomes);
      },
      {
        ...retryLimits,
        deadlineMs: limitMs,
        shouldRetry: (wanted) => wanted,
        budget: this.#budget,
        nowMs,
        random,
        onRetry: () => {
          this.#retries += 1;
        },
      },
    );
    return outcomes;
  }

  /** Resolves after `ms`, or as soon as the breaker closes. */
  async pause(ms: number, abort: AbortSignal): Promise<void> {
    const pause = new AbortController();
    this.#paused.add(pause);
    await sleep(ms, AbortSignal.any([abort, pause.signal]));
    this.#paused.delete(pause);
  }

  stats(): PublishPolicyStats {
    const retryTokens = this.#budget.tokens;
    return { ...this.#breaker.stats(), retries: this.#retries, retryTokens };
  }

  stop(): void {
    this.#breaker.stop();
  }

  #guarded(messages: readonly OutgoingMessage[], limitMs: number): Promise<Outcomes> {
    return this.#breaker.run(() => this.#publish(messages, limitMs), {
      failed: isBrokerFailure,
      whenOpen: () => messages.map(() => breakerOpen),
    });
  }

  async #publish(messages: readonly OutgoingMessage[], limitMs: number): Promise<Outcomes> {
    try {
      return await abortAfter(limitMs, (abort) => this.#options.broker.publish(messages, abort));
    } catch (error) {
      return messages.map(() => ({ status: 'unknown', message: messageOf(error) }));
    }
  }
}

const breakerOpen: PublishOutcome = {
  status: 'refused',
  code: 'unavailable',
  retryable: true,
  message: 'the broker has failed, its breaker is open',
};
const noOutcome: PublishOutcome = { status: 'unknown', message: 'no outcome' };
const notYet: PublishOutcome = { ...breakerOpen, message: 'it was not tried again' };

/** Nothing got through. One full partition says nothing about the broker. */
function isBrokerFailure(outcomes: Outcomes): boolean {
  let failed = false;
  for (const outcome of outcomes) {
    if (outcome.status === 'durable') return false;
    failed ||= isTransient(outcome) && !(outcome.status === 'refused' && isFull(outcome.code));
  }
  return failed;
}

/**
 * Whether to publish again: the message is certainly not on the broker, and not for want of room.
 */
export function canTryAgain(outcomes: Outcomes): boolean {
  const transient = outcomes.filter(isTransient);
  return (
    transient.length > 0 &&
    transient.every((outcome) => outcome.status === 'refused' && !isFull(outcome.code))
  );
}

function isFull(code: string): boolean {
  return code === 'log-full' || code === 'disk-full';
}

function indexesOf<T>(values: readonly T[], wanted: (value: T) => boolean): number[] {
  return values.flatMap((value, i) => (wanted(value) ? [i] : []));
}
