import type { Random } from '../random.ts';

/** What a mutator may draw from. */
export interface Mutation {
  random: Random;
  /** Another input of the corpus, to splice with. */
  other: () => Uint8Array;
  /** Words that the target looks for. */
  dictionary: readonly Uint8Array[];
  /** Larger results are cut. */
  bytesMax: number;
}

/** Makes one input of another. Never changes what it is given. */
export type Mutator = (input: Uint8Array, mutation: Mutation) => Uint8Array;
