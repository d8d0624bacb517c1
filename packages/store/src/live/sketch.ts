/**
 * Durations in buckets whose bounds grow by 10 %: a percentile is within 5 % of the true one
 * (source: DDSketch, Masson et al. 2019), from 1 µs to about 30 minutes; beyond, the nearest.
 */
const growth = 1.1;
const logGrowth = Math.log(growth);
const bucketsMax = 224;

/** Bucket and count packed into one small integer: a cell of ten durations costs some 100 bytes. */
const countBits = 22;
const countMax = 2 ** countBits - 1;

/** Counts durations in buckets of about 10 % each, for quantiles. */
export class Sketch {
  /** Sorted by bucket. */
  readonly #packed: number[] = [];

  /** Buckets that are taken, at most 224. */
  get size(): number {
    return this.#packed.length;
  }

  add(durationMs: number): void {
    this.addBucket(durationBucket(durationMs), 1);
  }

  merge(other: Sketch): void {
    for (const packed of other.#packed) {
      this.addBucket(packed >>> countBits, packed & countMax);
    }
  }

  /** In ms; 0 when nothing was added. */
  quantile(q: number): number {
    let total = 0;
    for (const packed of this.#packed) total += packed & countMax;
    let rank = Math.max(1, Math.ceil(q * total));
    for (const packed of this.#packed) {
      rank -= packed & countMax;
      if (rank <= 0) return middleOf(packed >>> countBits);
    }
    return 0;
  }

  /** What another store counted under the number that `durationBucket` gave. */
  addBucket(bucket: number, count: number): void {
    const packed = this.#packed;
    let at = 0;
    while (at < packed.length && (packed[at] as number) >>> countBits < bucket) at++;
    const there = packed[at];
    if (there !== undefined && there >>> countBits === bucket) {
      packed[at] = ((bucket << countBits) | Math.min(countMax, (there & countMax) + count)) >>> 0;
    } else {
      packed.splice(at, 0, ((bucket << countBits) | Math.min(countMax, count)) >>> 0);
    }
  }
}

/** Computes the bucket of a duration, from 0 to 223. */
export function durationBucket(durationMs: number): number {
  const micros = durationMs * 1000;
  if (micros <= 1) return 0;
  return Math.min(bucketsMax - 1, Math.ceil(Math.log(micros) / logGrowth));
}

function middleOf(bucket: number): number {
  return (2 * growth ** bucket) / (growth + 1) / 1000;
}
