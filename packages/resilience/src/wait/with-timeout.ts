/** What `withTimeout` waited for took longer than it was given. */
export class TimeoutError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'TimeoutError';
  }
}

/**
 * The outcome of `work`, or a rejection with a `TimeoutError` after `ms` milliseconds: "`what` took
 * over `ms` ms". The work itself goes on, and what becomes of it then is ignored; work that can be
 * ended is given a signal by `abortAfter`.
 */
export async function withTimeout<T>(
  work: Promise<T> | T,
  ms: number,
  what: string,
): Promise<Awaited<T>> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new TimeoutError(`${what} took over ${ms} ms`)), ms);
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
