interface SleepOptions {
  /** Whether the wait keeps the process alive; true by default. */
  ref?: boolean;
}

/**
 * Resolves after `ms` milliseconds with true, or with false as soon as `abort` is aborted. Never
 * rejects: where the abort is an error, `abort.throwIfAborted()` follows the call.
 */
export function sleep(
  ms: number,
  abort?: AbortSignal,
  { ref = true }: SleepOptions = {},
): Promise<boolean> {
  if (abort?.aborted) return Promise.resolve(false);
  return new Promise((resolve) => {
    const onAbort = (): void => {
      clearTimeout(timer);
      resolve(false);
    };
    const timer = setTimeout(() => {
      abort?.removeEventListener('abort', onAbort);
      resolve(true);
    }, ms);
    if (!ref) timer.unref();
    abort?.addEventListener('abort', onAbort, { once: true });
  });
}
