import { type BackoffLimits, fullJitterMs } from './backoff.ts';
import { sleep } from './sleep.ts';

/** Options of {@link retryUntilDone}: when it tries again, and when it stops. */
export interface RetryUntilDoneOptions extends BackoffLimits {
  /** Ends a wait; the try itself is the caller's to end. */
  abort?: AbortSignal | undefined;
  /** False for an error that no further try would mend; every error is tried again by default. */
  isPassing?: ((error: unknown) => boolean) | undefined;
  /** Milliseconds from the call on; what fails after them is final. Without end by default. */
  patienceMs?: number | undefined;
  /** Monotonic milliseconds. */
  nowMs?: (() => number) | undefined;
  /** Called before each wait; `failures` counts from 1. */
  onFailure?: ((error: unknown, failures: number, waitMs: number) => void) | undefined;
}

/**
 * Runs `run` until it resolves, with full jitter in between, and resolves with what it gave. Rejects
 * with what it rejected with last when that does not pass, when the patience is over, or once `abort`
 * is aborted. (By hand, for p-retry never tries a `TypeError` again.)
 */
export async function retryUntilDone<T>(
  run: () => Promise<T>,
  options: RetryUntilDoneOptions,
): Promise<T> {
  const { abort, isPassing = () => true, patienceMs = Number.POSITIVE_INFINITY } = options;
  const { nowMs = () => performance.now(), onFailure } = options;
  const endMs = nowMs() + patienceMs;
  for (let failures = 1; ; failures += 1) {
    try {
      return await run();
    } catch (error) {
      const leftMs = endMs - nowMs();
      if (abort?.aborted || leftMs <= 0 || !isPassing(error)) throw error;
      const waitMs = Math.min(leftMs, fullJitterMs(failures, options));
      onFailure?.(error, failures, waitMs);
      if (!(await sleep(waitMs, abort))) throw error;
    }
  }
}
