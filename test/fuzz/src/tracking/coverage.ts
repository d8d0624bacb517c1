import { counters } from './counters.ts';

/** Which places were passed, and about how often: an input that adds to it is worth keeping. */
export class Coverage {
  /** Per counter a bit for each class of counts that was ever seen. */
  readonly #known = new Uint8Array(counters.seen.length);
  places = 0;

  begin(): void {
    counters.seen.fill(0, 0, counters.used);
  }

  /** True when this run passed a place that none did before, or a place much more often. */
  isNew(): boolean {
    const { seen, used } = counters;
    let found = false;
    for (let at = 0; at < used; at++) {
      const count = seen[at] as number;
      if (count === 0) continue;
      const known = this.#known[at] as number;
      const bit = classes[count] as number;
      if ((known & bit) !== 0) continue;
      if (known === 0) this.places++;
      this.#known[at] = known | bit;
      found = true;
    }
    return found;
  }
}

/** 1, 2, 3, 4 to 7, 8 to 15, 16 to 31, 32 to 127, more. */
const classes = Uint8Array.from({ length: 256 }, (_, count) => {
  if (count <= 3) return count === 0 ? 0 : 1 << (count - 1);
  if (count < 8) return 8;
  if (count < 16) return 16;
  if (count < 32) return 32;
  return count < 128 ? 64 : 128;
});
