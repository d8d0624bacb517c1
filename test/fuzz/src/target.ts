import type { Mutator } from './mutate/mutation.ts';

/** A way into Spillway that is tried inside one process, an input at a time. */
export interface Target {
  readonly name: string;
  /** Where an input begins. */
  readonly seeds: readonly Uint8Array[];
  /** Beside blind changes: those that know the grammar. */
  readonly mutators: readonly Mutator[];
  readonly dictionary: readonly string[];
  readonly bytesMax: number;
  /**
   * Gives the class of what came out, of few: `taken`, `refused`, … Whatever it throws is a
   * finding: it knows the errors that are right itself.
   */
  run(input: Uint8Array): string | Promise<string>;
  /** After the last input: throws what only shows then. */
  close?(): Promise<void>;
}

/** A promise that an input broke without an exception. */
class BrokenPromise extends Error {
  override readonly name = 'BrokenPromise';
}

export function demand(holds: boolean, promise: string): asserts holds {
  if (!holds) throw new BrokenPromise(promise);
}
