export interface BackoffOptions {
  baseMs: number;
  maxMs: number;
  random?: () => number;
}

/**
 * Full jitter: attempt n waits between 0 and base·2ⁿ, at most `maxMs`.
 * Source: "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
 */
export function backoffMs(attempt: number, options: BackoffOptions): number {
  const { baseMs, maxMs, random = Math.random } = options;
  return random() * Math.min(maxMs, baseMs * 2 ** Math.min(attempt, 30));
}
