/** Bounds, in milliseconds, of the waits between tries to reach brokers that come and go. */
export const backoffLimits = { baseMs: 50, maxMs: 2_000 };
