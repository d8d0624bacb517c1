/** One byte per place of the code, which wraps: of all modules that were loaded instrumented. */
export interface Counters {
  readonly seen: Uint8Array;
  used: number;
}

const countersMax = 65_536;
const key = Symbol.for('spillway.fuzz');
const shared = globalThis as unknown as Record<symbol, Counters | undefined>;

shared[key] ??= { seen: new Uint8Array(countersMax), used: 0 };

/** The same object whoever imports this: instrumented modules reach it through the global. */
export const counters: Counters = shared[key];
