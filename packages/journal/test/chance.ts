/** A source of chance that repeats by its seed. */
export interface Chance {
  /** 0 to below 1. */
  next(): number;
}

/** mulberry32: small, seeded, good enough to pick faults. */
export function chanceOf(seed: number): Chance {
  let state = seed >>> 0;
  return {
    next(): number {
      state = (state + 0x6d2b79f5) >>> 0;
      let mixed = Math.imul(state ^ (state >>> 15), state | 1);
      mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
    },
  };
}
