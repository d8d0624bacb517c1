/**
 * Gives a call a signal that aborts after `ms`, or with `outer`. The call decides what that means:
 * a broker still has to say what became of what it was given.
 */
export async function withTimeLimit<T>(
  ms: number,
  call: (signal: AbortSignal) => Promise<T>,
  outer?: AbortSignal,
): Promise<T> {
  const limit = new AbortController();
  const abort = (): void => limit.abort(new Error(`aborted after at most ${ms} ms`));
  const timer = setTimeout(abort, ms);
  outer?.addEventListener('abort', abort, { once: true });
  if (outer?.aborted) abort();
  try {
    return await call(limit.signal);
  } finally {
    clearTimeout(timer);
    outer?.removeEventListener('abort', abort);
  }
}
