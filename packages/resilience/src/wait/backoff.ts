/** Bounds of the waits between tries, see {@link fullJitterMs}. */
export interface BackoffLimits {
  /** The longest wait after the first failure, in milliseconds; it doubles from one to the next. */
  baseMs: number;
  /** What the longest wait never exceeds, in milliseconds. */
  maxMs: number;
  /** From 0 up to, but not including, 1. */
  random?: (() => number) | undefined;
}

/**
 * Computes the wait after a number of failures, counted from 1, in whole milliseconds. Full jitter:
 * anything from 0 to the doubling bound, so that those who failed together do not come back
 * together. https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export function fullJitterMs(
  failures: number,
  { baseMs, maxMs, random = Math.random }: BackoffLimits,
): number {
  return Math.round(random() * Math.min(maxMs, baseMs * 2 ** (failures - 1)));
}

/** The waits between tries of one thing, with full jitter. */
export class Backoff {
  readonly #limits: BackoffLimits;
  #failures = 0;

  constructor(limits: BackoffLimits) {
    this.#limits = limits;
  }

  /** It failed once more: the wait before the next try. */
  nextMs(): number {
    this.#failures += 1;
    return fullJitterMs(this.#failures, this.#limits);
  }

  /** It went well: the next failure is the first. */
  reset(): void {
    this.#failures = 0;
  }
}
