import { Breaker, type BreakerState, type Dependencies, fullJitterMs } from '@spillway/resilience';
import type { ConsumerLimits } from '../config.ts';

export interface StoreGateOptions {
  /** Name of the store, in events. */
  name: string;
  limits: ConsumerLimits;
  random: () => number;
  /** Monotonic milliseconds. */
  nowMs: () => number;
  onState: (state: BreakerState, reason: string) => void;
  /** Under which name the fleet knows the store. */
  dependency?: string | undefined;
  dependencies?: Dependencies | undefined;
}

/** Failures in a row that open the breaker; so many batches of which nothing was taken say as much. */
const failuresMax = 3;

/**
 * Decides when the store may be tried. After a failure every batch waits, with full jitter; after
 * some in a row the breaker opens, and what tries the store from then on is small and comes at a
 * steady pace.
 */
export class StoreGate {
  readonly #options: StoreGateOptions;
  readonly #breaker: Breaker;
  #failures = 0;
  #fruitless = 0;
  #nextTryMs = 0;
  #reason = '';
  #reported: 'up' | 'down' | undefined;

  constructor(options: StoreGateOptions) {
    this.#options = options;
    this.#breaker = new Breaker({
      name: options.name,
      // A loop hands over one batch at a time: what counts is failures in a row, counted here.
      failuresPercentMax: 1,
      callsMin: 1,
      windowMs: 10_000,
      resetMs: options.limits.breakerResetMs,
      report: () => this.#changed(),
    });
  }

  get state(): BreakerState {
    return this.#breaker.state;
  }

  get opened(): number {
    return this.#breaker.stats().opened;
  }

  /** The last attempt failed. */
  get failing(): boolean {
    return this.#failures > 0;
  }

  /** In a row. */
  get failures(): number {
    return this.#failures;
  }

  /** Why nothing can be stored now; undefined when something can. */
  get trouble(): string | undefined {
    const isFruitless = this.#fruitless >= failuresMax;
    return this.failing || isFruitless ? this.#reason : undefined;
  }

  /** Whether the store may be asked now. */
  get admits(): boolean {
    return this.#breaker.admits && this.#options.nowMs() >= this.#nextTryMs;
  }

  /** How long the next failure will keep everybody waiting, at most. */
  get waitMs(): number {
    return Math.max(0, this.#nextTryMs - this.#options.nowMs());
  }

  /** Runs what asks the store; `failureOf` says why the outcome is the store's failure, if it is. */
  async run<T>(call: () => Promise<T>, failureOf: (outcome: T) => Error | undefined): Promise<T> {
    const judged = async (): Promise<{ outcome: T; error: Error | undefined }> => {
      const outcome = await call();
      const error = failureOf(outcome);
      if (error) this.#failed(error);
      return { outcome, error };
    };
    const isLast = this.#failures + 1 >= failuresMax;
    const { outcome, error } = isLast
      ? await this.#breaker.run(judged, {
          failed: (judgement) => judgement.error !== undefined,
          whenOpen: () => {
            throw new Error('the store was asked while its breaker was open');
          },
        })
      : await judged();
    if (!error) this.#succeeded();
    return outcome;
  }

  /**
   * After a batch that the store answered. One that wants every record later (an index that is
   * blocked, a full queue) works as little as one that does not answer, but no other partition has
   * to wait.
   */
  judge(tookSome: boolean, reason = ''): void {
    this.#fruitless = tookSome || !reason ? 0 : this.#fruitless + 1;
    if (this.#fruitless > 0) this.#reason = reason;
    if (this.#fruitless === failuresMax) this.#report('down');
    else if (tookSome && this.#reported === 'down' && this.state === 'closed') this.#report('up');
  }

  stop(): void {
    this.#breaker.stop();
  }

  #failed(error: Error): void {
    const { limits, random, nowMs } = this.#options;
    this.#failures += 1;
    this.#reason = error.message;
    const backoff = { baseMs: limits.retryBaseMs, maxMs: limits.retryMaxMs, random };
    const isOpen = this.#failures >= failuresMax;
    // Those who opened together must not try together.
    const openMs = limits.breakerResetMs * (1 + random());
    this.#nextTryMs = nowMs() + (isOpen ? openMs : fullJitterMs(this.#failures, backoff));
  }

  #succeeded(): void {
    this.#failures = 0;
    this.#nextTryMs = 0;
    if (this.#reported === undefined) this.#report('up');
  }

  #changed(): void {
    const { state } = this;
    this.#options.onState(state, this.#reason);
    if (state !== 'half-open') this.#report(state === 'open' ? 'down' : 'up');
  }

  #report(state: 'up' | 'down'): void {
    const { dependency, dependencies } = this.#options;
    this.#reported = state;
    if (!dependency) return;
    dependencies?.report(dependency, state, state === 'down' ? this.#reason : undefined);
  }
}
