const firstMs = 40;
const mostMs = 1_000;

/** Waits with full jitter, from 0 to a bound that doubles with each failure. */
export function jitterMs(failures: number, random: () => number): number {
  return random() * Math.min(mostMs, firstMs * 2 ** Math.min(failures, 10));
}
