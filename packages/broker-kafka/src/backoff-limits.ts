/** Of the waits between questions to brokers that come and go. */
export const backoffLimits = { baseMs: 50, maxMs: 2_000 };
