import { DatabaseError } from '../errors.ts';

export interface Halving<T> {
  /** When it fails it must leave nothing behind. */
  work: (items: readonly T[]) => Promise<void>;
  /** Whether an error may be the fault of an item; any other is thrown. */
  mayBlame: (error: unknown) => error is Error;
  refuse: (item: T, reason: string) => void;
}

/**
 * Does `work` with all items, or, when the database refuses what it is given, with halves of them,
 * until what it refuses stands alone: a poisoned item costs some statements and never its neighbours.
 */
export async function inHalves<T>(items: readonly T[], halving: Halving<T>): Promise<void> {
  try {
    await halving.work(items);
  } catch (error) {
    if (!halving.mayBlame(error)) throw error;
    const [only] = items;
    if (only !== undefined && items.length === 1) {
      halving.refuse(only, error.message);
      return;
    }
    const middle = items.length >> 1;
    await inHalves(items.slice(0, middle), halving);
    await inHalves(items.slice(middle), halving);
  }
}

/**
 * What the database refuses for a reason of its own making (a constraint, a trigger, an internal
 * error) may be the fault of one row, or the answer to every row: then no row is to blame.
 */
export class Doubts {
  /** More in a row without one row that was taken need not be tried. */
  readonly #failuresMax = 24;
  #failures = 0;
  #first: Error | undefined;

  /** Passes errors on; throws the first one when nothing but them has come for too long. */
  async judge(work: () => Promise<void>): Promise<void> {
    try {
      await work();
      this.#failures = Number.NEGATIVE_INFINITY;
    } catch (error) {
      if (!mayBlameData(error) || blamesData(error)) throw error;
      this.#first ??= error;
      this.#failures += 1;
      if (this.#failures > this.#failuresMax)
        throw new NoRowToBlame(this.#first.message, { cause: this.#first });
      throw error;
    }
  }

  /** At the end. */
  settle(): void {
    if (this.#first && this.#failures > 0) throw this.#first;
  }
}

/** The database answers so to every row. */
class NoRowToBlame extends Error {
  override readonly name = 'NoRowToBlame';
}

/** A RangeError is V8's, a string longer than it can make, or that of the limit of a statement. */
export function blamesData(error: unknown): error is Error {
  return error instanceof RangeError || (error instanceof DatabaseError && error.blamesData);
}

export function mayBlameData(error: unknown): error is Error {
  if (blamesData(error)) return true;
  return error instanceof DatabaseError && !error.blamesStore && !error.lacksPartition;
}
