import { type Backoff, fullJitterMs } from '@spillway/resilience';

export interface PersistOptions {
  signal: AbortSignal;
  backoff: Backoff;
  onFailure: (error: Error, attempt: number, waitMs: number) => void;
}

/** Tries again and again until it succeeds. Undefined when the signal stopped it first. */
export async function persist<T>(
  run: () => Promise<T>,
  { signal, backoff, onFailure }: PersistOptions,
): Promise<{ value: T } | undefined> {
  for (let attempt = 0; ; attempt++) {
    try {
      return { value: await run() };
    } catch (error) {
      const waitMs = fullJitterMs(attempt + 1, backoff);
      onFailure(error as Error, attempt, waitMs);
      if (!(await sleep(waitMs, signal))) return undefined;
    }
  }
}

/** False when the signal ended it. */
export function sleep(ms: number, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve(!signal.aborted);
    };
    const timer = setTimeout(done, ms);
    if (signal.aborted) done();
    else signal.addEventListener('abort', done, { once: true });
  });
}
