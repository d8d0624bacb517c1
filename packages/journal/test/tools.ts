import type { Entry, Journal } from '../src/index.ts';

/** mulberry32: small, seeded, good enough to pick faults. */
export function chanceOf(seed: number) {
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

export async function readAll(journal: Journal, bytesMax = 100_000): Promise<Entry[]> {
  const found: Entry[] = [];
  for (let at = journal.start; ; ) {
    const { entries, next } = await journal.read(at, { bytesMax });
    if (next === at) return found;
    found.push(...entries);
    at = next;
  }
}

export function textOf(entry: Entry): string {
  return Buffer.from(entry.payload).toString();
}
