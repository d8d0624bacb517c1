interface WaitLimit {
  /** Milliseconds; without it, only `abort` ends the wait. */
  ms?: number;
  abort?: AbortSignal | undefined;
}

/**
 * The outcome of `work`, or undefined when `ms` have passed or `abort` was aborted before. The work
 * itself goes on, and what becomes of it then is ignored.
 */
export async function waitAtMost<T>(
  work: Promise<T> | T,
  { ms, abort }: WaitLimit,
): Promise<Awaited<T> | undefined> {
  const { promise: over, resolve } = Promise.withResolvers<undefined>();
  const end = (): void => resolve(undefined);
  const timer = ms === undefined ? undefined : setTimeout(end, ms);
  abort?.addEventListener('abort', end, { once: true });
  if (abort?.aborted) end();
  try {
    return await Promise.race([work, over]);
  } finally {
    clearTimeout(timer);
    abort?.removeEventListener('abort', end);
  }
}
