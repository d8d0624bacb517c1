/**
 * The only waits, time-outs and back-offs of Spillway; `test/structure` sees to it.
 *
 * - `sleep`: a time passes, or the wait is aborted.
 * - `AutoResetEvent`: a task waits until another wakes it.
 * - `waitAtMost`: an outcome, or undefined after a time or an abort.
 * - `withTimeout`, `unlessAborted`: an outcome, or a rejection after a time or an abort.
 * - `abortAfter`: a call gets a signal that is aborted after a time.
 * - `Backoff`, `fullJitterMs`: how long to wait after so many failures.
 * - `retry`, `retryUntilDone`: tries again, by outcome within a budget, or by error until it is done.
 */
export * from './abort-after.ts';
export * from './auto-reset-event.ts';
export * from './backoff.ts';
export * from './retry.ts';
export * from './retry-until-done.ts';
export * from './sleep.ts';
export * from './unless-aborted.ts';
export * from './wait-at-most.ts';
export * from './with-timeout.ts';
