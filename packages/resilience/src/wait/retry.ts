import pRetry from 'p-retry';
import type { RetryBudget } from '../retry-budget.ts';
import { type BackoffLimits, fullJitterMs } from './backoff.ts';
import { sleep } from './sleep.ts';

/** Options of repeated attempts. */
export interface RetryOptions<T> extends BackoffLimits {
  /** Decides by value: an attempt that throws is not tried again. */
  shouldRetry: (outcome: T) => boolean;
  retriesMax: number;
  /** From the first attempt on; no wait reaches beyond it. It does not cut an attempt short. */
  deadlineMs: number;
  /** Pays for retries; the caller's to earn. */
  budget?: RetryBudget | undefined;
  /** Ends a wait; the attempt itself is the caller's to end. */
  abort?: AbortSignal | undefined;
  /** Monotonic milliseconds. */
  nowMs?: (() => number) | undefined;
  onRetry?: ((delayMs: number) => void) | undefined;
}

/**
 * Tries again while the outcome says so, with full jitter (p-retry inside), and gives the last
 * outcome when retries, time, budget or the abort end it. The first attempt is always made.
 */
export async function retry<T>(
  attempt: (number: number) => Promise<T>,
  options: RetryOptions<T>,
): Promise<T> {
  const { retriesMax, shouldRetry, nowMs = () => performance.now() } = options;
  const endMs = nowMs() + options.deadlineMs;
  const once = async (number: number): Promise<T> => {
    const outcome = await attempt(number);
    if (shouldRetry(outcome)) throw new Again(outcome);
    return outcome;
  };
  try {
    return await pRetry(once, {
      retries: retriesMax,
      // Full jitter is added here: p-retry's own waits are never shorter than the bound.
      minTimeout: 0,
      shouldRetry: ({ error, attemptNumber }) =>
        error instanceof Again &&
        waitForTurn(attemptNumber, { ...options, leftMs: endMs - nowMs() }),
    });
  } catch (error) {
    if (error instanceof Again) return error.outcome as T;
    throw error;
  }
}

/** False when there is no further try. */
async function waitForTurn<T>(
  failures: number,
  options: RetryOptions<T> & { leftMs: number },
): Promise<boolean> {
  const { budget, abort, leftMs, onRetry } = options;
  if (abort?.aborted) return false;
  const delayMs = fullJitterMs(failures, options);
  if (delayMs >= leftMs) return false;
  if (budget && !budget.spend()) return false;
  onRetry?.(delayMs);
  return sleep(delayMs, abort);
}

/** Carries an outcome through p-retry, which knows failures as errors alone. */
class Again extends Error {
  readonly outcome: unknown;

  constructor(outcome: unknown) {
    super('again');
    this.outcome = outcome;
  }
}
