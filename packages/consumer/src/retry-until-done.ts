import { type Backoff, fullJitterMs, wait } from '@spillway/resilience';

export interface RetryUntilDoneOptions {
  signal: AbortSignal;
  backoff: Backoff;
  onFailure: (error: Error, attempt: number, waitMs: number) => void;
}

/** Tries again and again until it succeeds. Undefined when the signal stopped it first. */
export async function retryUntilDone<T>(
  run: () => Promise<T>,
  { signal, backoff, onFailure }: RetryUntilDoneOptions,
): Promise<{ value: T } | undefined> {
  for (let attempt = 0; ; attempt++) {
    try {
      return { value: await run() };
    } catch (error) {
      const waitMs = fullJitterMs(attempt + 1, backoff);
      onFailure(error as Error, attempt, waitMs);
      if (!(await wait(waitMs, signal))) return undefined;
    }
  }
}
