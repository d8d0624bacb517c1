import type { TimeRange } from '@spillway/store';
import { Sketch, Sparkline } from '@spillway/store/live';

/** Bytes of a name in memory, beside its text and the buckets of its durations. */
const totalBytes = 700;
const bucketBytes = 8;

/** An answer has so many names, and the sum of all others. */
const namesMax = 1_000;

export interface Slot {
  startMs: number;
  count: number;
  errors: number;
}

/** Totals of one name over all minutes: exact to 10 s, durations to the minute. */
export class Total {
  count = 0;
  errors = 0;
  lastMs = 0;
  readonly durations = new Sketch();
  readonly sparkline: Sparkline;

  constructor(range: TimeRange) {
    this.sparkline = new Sparkline(range);
  }

  add(slots: readonly Slot[], cell: Record<string, string>): void {
    for (const { startMs, count, errors } of slots) {
      this.count += count;
      this.errors += errors;
      this.sparkline.add(startMs, count);
    }
    this.lastMs = Math.max(this.lastMs, Number(cell.l));
    for (const [field, count] of Object.entries(cell)) {
      if (field.startsWith('h')) this.durations.addBucket(Number(field.slice(1)), Number(count));
    }
  }

  merge(other: Total): void {
    this.count += other.count;
    this.errors += other.errors;
    this.lastMs = Math.max(this.lastMs, other.lastMs);
    this.durations.merge(other.durations);
    for (const [i, count] of other.sparkline.counts.entries()) {
      this.sparkline.counts[i] = (this.sparkline.counts[i] ?? 0) + count;
    }
  }
}

/**
 * Totals by name. Each minute may have names of its own, thousands of them: the busiest are kept,
 * and the others are added up under one name, so that an answer is bounded however long its range.
 */
export class Busiest {
  readonly #range: TimeRange;
  readonly #otherName: string;
  readonly #totals = new Map<string, Total>();
  #bytes = 0;
  #reportedBytes = 0;

  constructor(range: TimeRange, otherName: string) {
    this.#range = range;
    this.#otherName = otherName;
  }

  add(name: string, slots: readonly Slot[], cell: Record<string, string>): void {
    const total = this.#of(name);
    const before = total.durations.size;
    total.add(slots, cell);
    this.#bytes += bucketBytes * (total.durations.size - before);
    if (this.#totals.size > 2 * namesMax) this.#prune();
  }

  /** How much more memory this takes than when it was last asked; it never gives any back. */
  takeGrowth(): number {
    const grown = Math.max(0, this.#bytes - this.#reportedBytes);
    this.#reportedBytes = Math.max(this.#reportedBytes, this.#bytes);
    return grown;
  }

  totals(): [name: string, total: Total][] {
    if (this.#totals.size > namesMax) this.#prune();
    return [...this.#totals];
  }

  #of(name: string): Total {
    const known = this.#totals.get(name);
    if (known) return known;
    const total = new Total(this.#range);
    this.#totals.set(name, total);
    this.#bytes += totalBytes + 2 * name.length;
    return total;
  }

  #prune(): void {
    const sorted = [...this.#totals].sort(([, a], [, b]) => b.count - a.count);
    for (const [name, total] of sorted.slice(namesMax - 1)) {
      if (name === this.#otherName) continue;
      this.#of(this.#otherName).merge(total);
      this.#totals.delete(name);
      this.#bytes -= totalBytes + 2 * name.length + bucketBytes * total.durations.size;
    }
  }
}
