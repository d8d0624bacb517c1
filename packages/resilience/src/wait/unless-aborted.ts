interface UnlessAbortedOptions {
  /** Milliseconds that the work still has after the abort; 0 by default. */
  graceMs?: number;
  /** What the wait rejects with; the reason of `abort` by default. */
  reason?: () => unknown;
}

/**
 * The outcome of `work`, or a rejection with the reason of `abort` once it is aborted. The work itself
 * goes on, and what becomes of it then is ignored.
 */
export async function unlessAborted<T>(
  work: Promise<T>,
  abort: AbortSignal,
  { graceMs = 0, reason = () => abort.reason }: UnlessAbortedOptions = {},
): Promise<T> {
  const { promise: over, reject } = Promise.withResolvers<never>();
  let timer: NodeJS.Timeout | undefined;
  const end = (): void => {
    if (graceMs > 0) timer = setTimeout(() => reject(reason()), graceMs);
    else reject(reason());
  };
  abort.addEventListener('abort', end, { once: true });
  if (abort.aborted) end();
  try {
    return await Promise.race([work, over]);
  } finally {
    clearTimeout(timer);
    abort.removeEventListener('abort', end);
  }
}
