/** Bounds of the waits between tries, in milliseconds. */
export interface Backoff {
  /** The longest wait after the first failure; it doubles from one to the next. */
  baseMs: number;
  maxMs: number;
  /** From 0 up to, but not including, 1. */
  random?: (() => number) | undefined;
}

/**
 * Full jitter: anything from 0 to the doubling bound, so that those who failed together do not come
 * back together. `failures` counts from 1.
 * https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export function fullJitterMs(
  failures: number,
  { baseMs, maxMs, random = Math.random }: Backoff,
): number {
  return random() * Math.min(maxMs, baseMs * 2 ** (failures - 1));
}
