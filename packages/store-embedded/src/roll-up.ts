import { bucketMs, Sketch } from '@spillway/store/live';

/** Requests or calls of one name in one bucket. */
export class Cell {
  count = 0;
  errors = 0;
  lastMs = 0;
  readonly durations = new Sketch();

  add(durationMs: number, isError: boolean, timeMs: number): void {
    this.count++;
    if (isError) this.errors++;
    this.lastMs = Math.max(this.lastMs, timeMs);
    this.durations.add(durationMs);
  }

  merge(other: Cell): void {
    this.count += other.count;
    this.errors += other.errors;
    this.lastMs = Math.max(this.lastMs, other.lastMs);
    this.durations.merge(other.durations);
  }
}

/** Cells by name in buckets of 10 s, as far back as the window. */
export class RollUp {
  readonly #buckets = new Map<number, Map<string, Cell>>();
  #cells = 0;

  get cells(): number {
    return this.#cells;
  }

  cell(name: string, timeMs: number): Cell {
    const startMs = bucketStart(timeMs);
    let bucket = this.#buckets.get(startMs);
    if (!bucket) {
      bucket = new Map();
      this.#buckets.set(startMs, bucket);
    }
    let cell = bucket.get(name);
    if (!cell) {
      cell = new Cell();
      bucket.set(name, cell);
      this.#cells++;
    }
    return cell;
  }

  /** Buckets that begin in the range; those at its edges count whole. */
  *read(fromMs: number, toMs: number): Generator<{ startMs: number; name: string; cell: Cell }> {
    for (const [startMs, bucket] of this.#buckets) {
      if (startMs + bucketMs <= fromMs || startMs >= toMs) continue;
      for (const [name, cell] of bucket) yield { startMs, name, cell };
    }
  }

  dropBefore(timeMs: number): void {
    for (const startMs of this.#buckets.keys()) {
      if (startMs + bucketMs <= timeMs) this.#drop(startMs);
    }
  }

  dropOldest(): void {
    if (this.#buckets.size > 0) this.#drop(Math.min(...this.#buckets.keys()));
  }

  #drop(startMs: number): void {
    this.#cells -= this.#buckets.get(startMs)?.size ?? 0;
    this.#buckets.delete(startMs);
  }
}

function bucketStart(timeMs: number): number {
  return Math.floor(timeMs / bucketMs) * bucketMs;
}
