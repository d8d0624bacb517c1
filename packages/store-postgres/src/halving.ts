import { DatabaseError } from './errors.ts';

/**
 * Does `work` with all items, or, when the database refuses values, with halves of them, until
 * what it refuses stands alone: a poisoned item costs some statements and never its neighbours.
 * What else goes wrong is thrown. A failed `work` must leave nothing behind.
 */
export async function inHalves<T>(
  items: readonly T[],
  work: (items: readonly T[]) => Promise<void>,
  refuse: (item: T, reason: string) => void,
): Promise<void> {
  try {
    await work(items);
  } catch (error) {
    if (!blamesData(error)) throw error;
    const [only] = items;
    if (only !== undefined && items.length === 1) {
      refuse(only, error.message);
      return;
    }
    const middle = items.length >> 1;
    await inHalves(items.slice(0, middle), work, refuse);
    await inHalves(items.slice(middle), work, refuse);
  }
}

/** A RangeError is V8's, a string longer than it can make, or that of the limit of a statement. */
export function blamesData(error: unknown): error is Error {
  return error instanceof RangeError || (error instanceof DatabaseError && error.blamesData);
}
