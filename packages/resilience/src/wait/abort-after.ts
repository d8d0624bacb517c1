/**
 * Gives `call` a signal that is aborted after `ms` milliseconds, or with `outer`, and returns its
 * outcome. The call decides what an abort means: a broker still has to say what became of what it was
 * given. Unlike `AbortSignal.timeout`, it leaves no timer behind a call that is quicker.
 */
export async function abortAfter<T>(
  ms: number,
  call: (abort: AbortSignal) => Promise<T>,
  outer?: AbortSignal,
): Promise<T> {
  const limit = new AbortController();
  const end = (): void => limit.abort(new Error(`aborted after at most ${ms} ms`));
  const timer = setTimeout(end, ms);
  outer?.addEventListener('abort', end, { once: true });
  if (outer?.aborted) end();
  try {
    return await call(limit.signal);
  } finally {
    clearTimeout(timer);
    outer?.removeEventListener('abort', end);
  }
}
