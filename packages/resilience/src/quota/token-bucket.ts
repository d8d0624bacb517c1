/** Rate and size of a token bucket. */
export interface TokenBucketOptions {
  ratePerSecond: number;
  /** What may be spent at once after a quiet time. */
  burst: number;
  /** Monotonic milliseconds. */
  nowMs: () => number;
}

/**
 * A token bucket that may go into debt, so that what is known only afterwards (records, after the
 * scan) still counts: the next taker waits until the debt is paid. Nanoseconds a call, no timers.
 */
export class TokenBucket {
  readonly #ratePerMs: number;
  readonly #burst: number;
  readonly #nowMs: () => number;
  #tokens: number;
  #refilledMs: number;

  constructor({ ratePerSecond, burst, nowMs }: TokenBucketOptions) {
    this.#ratePerMs = ratePerSecond / 1000;
    this.#burst = burst;
    this.#nowMs = nowMs;
    this.#tokens = burst;
    this.#refilledMs = nowMs();
  }

  /** Negative while there is debt. */
  get tokens(): number {
    this.#refill();
    return this.#tokens;
  }

  /**
   * Takes the amount and returns 0, or takes nothing and returns the milliseconds until it could.
   * An amount above the burst is taken from a full bucket, as a debt: it would never fit otherwise.
   */
  tryTake(amount: number): number {
    this.#refill();
    const needed = Math.min(amount, this.#burst);
    if (this.#tokens < needed) return this.#waitMs(needed);
    this.#tokens -= amount;
    return 0;
  }

  /** Takes the amount in any case. */
  spend(amount: number): void {
    this.#refill();
    this.#tokens -= amount;
  }

  /** Returns what was taken for work that then did not happen. */
  giveBack(amount: number): void {
    this.#refill();
    this.#tokens = Math.min(this.#burst, this.#tokens + amount);
  }

  #waitMs(needed: number): number {
    return Math.ceil((needed - this.#tokens) / this.#ratePerMs);
  }

  #refill(): void {
    const now = this.#nowMs();
    const gained = Math.max(0, now - this.#refilledMs) * this.#ratePerMs;
    this.#tokens = Math.min(this.#burst, this.#tokens + gained);
    this.#refilledMs = now;
  }
}
