/** Options of the waits that refused senders are given. */
export interface RetryAfterOptions {
  /** Monotonic milliseconds. */
  nowMs: () => number;
  /** 0 to 1. */
  random?: () => number;
}

/** Shortest and longest wait of a refused sender: it should neither hammer nor give up. */
const shortestMs = 1_000;
const longestMs = 30_000;
/** What left long ago says little about what will leave soon. */
const memoryMs = 5_000;

/**
 * Computes when there will be room for those whom a full limit refuses: what they wanted, behind
 * what was refused before them, at the rate at which things have left lately. Spread by up to a
 * half, so that they do not come back at once.
 */
export class RetryAfter {
  readonly #nowMs: () => number;
  readonly #random: () => number;
  readonly #startedMs: number;
  /** What left, each weighed by its age: `rate * memoryMs` in a steady state. */
  #left = 0;
  /** What was refused and has not had the time to come in. */
  #refused = 0;
  #atMs: number;

  constructor({ nowMs, random = Math.random }: RetryAfterOptions) {
    this.#nowMs = nowMs;
    this.#random = random;
    this.#startedMs = nowMs();
    this.#atMs = this.#startedMs;
  }

  /** Records what left the limit, in the unit in which `waitMs` is asked. */
  left(amount: number): void {
    this.#age();
    this.#left += amount;
  }

  /**
   * Computes the wait for an amount above the room there is: 1 to 30 s, and half as much at random.
   */
  waitMs(amount: number): number {
    const ratePerMs = this.#age();
    this.#refused = Math.min(this.#refused, ratePerMs * longestMs) + amount;
    // Nothing has left yet: it takes about as long again.
    const waitMs = ratePerMs > 0 ? this.#refused / ratePerMs : this.#atMs - this.#startedMs;
    const bounded = Math.min(longestMs, Math.max(shortestMs, waitMs));
    return Math.round(Math.min(longestMs, bounded * (1 + this.#random() / 2)));
  }

  /** Brings both up to now; returns the rate per millisecond. */
  #age(): number {
    const now = this.#nowMs();
    const sinceMs = now - this.#atMs;
    if (sinceMs > 0) {
      this.#refused = Math.max(0, this.#refused - this.#rate() * sinceMs);
      this.#left *= Math.exp(-sinceMs / memoryMs);
      this.#atMs = now;
    }
    return this.#rate();
  }

  #rate(): number {
    // A young memory has seen less than it will hold.
    const seen = 1 - Math.exp(-Math.max(1, this.#atMs - this.#startedMs) / memoryMs);
    return this.#left / (memoryMs * seen);
  }
}
