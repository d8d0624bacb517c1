interface AbortAfterOptions {
  /** Ends the call before its time, for the reason of its own. */
  outer?: AbortSignal | undefined;
  /** What the signal is aborted with when the time is over; an `Error` that names the limit by default. */
  reason?: (() => unknown) | undefined;
}

/**
 * Gives `call` a signal that is aborted after `ms` milliseconds, or with `outer`, and returns its
 * outcome. The call decides what an abort means: a broker still has to say what became of what it was
 * given. Unlike `AbortSignal.timeout`, it leaves no timer behind a call that is quicker.
 */
export async function abortAfter<T>(
  ms: number,
  call: (abort: AbortSignal) => Promise<T>,
  { outer, reason = () => new Error(`aborted after ${ms} ms`) }: AbortAfterOptions = {},
): Promise<T> {
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(reason()), ms);
  const follow = (): void => limit.abort(outer?.reason);
  outer?.addEventListener('abort', follow, { once: true });
  if (outer?.aborted) follow();
  try {
    return await call(limit.signal);
  } finally {
    clearTimeout(timer);
    outer?.removeEventListener('abort', follow);
  }
}
