import { bucketMs, Sketch } from '@spillway/store/live';

/** Measured: of a cell with its place in the maps, and of each bucket of its durations. */
const cellBytes = 280;
const durationBytes = 12;

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

  get bytes(): number {
    return cellBytes + durationBytes * this.durations.size;
  }
}

export interface Counting {
  timeMs: number;
  durationMs: number;
  isError: boolean;
}

interface Bucket {
  cells: Map<string, Cell>;
  bytes: number;
}

/** Cells by name in buckets of 10 s, as far back as the window. */
export class RollUp {
  readonly #buckets = new Map<number, Bucket>();
  #cells = 0;
  #bytes = 0;

  get cells(): number {
    return this.#cells;
  }

  /** About, without the names: those belong to who gives them. */
  get bytes(): number {
    return this.#bytes;
  }

  add(name: string, { timeMs, durationMs, isError }: Counting): void {
    const startMs = bucketStart(timeMs);
    const bucket = this.#buckets.get(startMs) ?? { cells: new Map(), bytes: 0 };
    this.#buckets.set(startMs, bucket);
    const known = bucket.cells.get(name);
    const before = known?.bytes ?? 0;
    const cell = known ?? new Cell();
    cell.add(durationMs, isError, timeMs);
    if (!known) {
      bucket.cells.set(name, cell);
      this.#cells++;
    }
    const grown = cell.bytes - before;
    bucket.bytes += grown;
    this.#bytes += grown;
  }

  /** Buckets that begin in the range; those at its edges count whole. */
  *read(fromMs: number, toMs: number): Generator<{ startMs: number; name: string; cell: Cell }> {
    for (const [startMs, { cells }] of this.#buckets) {
      if (startMs + bucketMs <= fromMs || startMs >= toMs) continue;
      for (const [name, cell] of cells) yield { startMs, name, cell };
    }
  }

  dropBefore(timeMs: number): void {
    for (const startMs of this.#buckets.keys()) {
      if (startMs + bucketMs <= timeMs) this.#drop(startMs);
    }
  }

  /** Undefined while there is none. */
  get oldestMs(): number | undefined {
    return this.#buckets.size > 0 ? Math.min(...this.#buckets.keys()) : undefined;
  }

  #drop(startMs: number): void {
    const bucket = this.#buckets.get(startMs);
    this.#cells -= bucket?.cells.size ?? 0;
    this.#bytes -= bucket?.bytes ?? 0;
    this.#buckets.delete(startMs);
  }
}

function bucketStart(timeMs: number): number {
  return Math.floor(timeMs / bucketMs) * bucketMs;
}
