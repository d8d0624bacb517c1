import { mutateBytes } from './mutate/bytes.ts';
import type { Mutation, Mutator } from './mutate/mutation.ts';
import type { Random } from './random.ts';

export interface PoolOptions {
  seeds: readonly Uint8Array[];
  mutators: readonly Mutator[];
  dictionary: readonly string[];
  bytesMax: number;
  random: Random;
}

/** Beyond it the oldest that is no seed makes room. */
const inputsMax = 4_096;
/** Of the picks, to one of the newest: what was reached last is where there is more to find. */
const newestShare = 0.4;
const newest = 64;
/** To one of the seeds: mutants of mutants are refused sooner and sooner. */
const seedShare = 0.3;

/** The inputs at hand: first the seeds as they are, then mutants of what is worth keeping. */
export class Pool {
  readonly #options: PoolOptions;
  readonly #inputs: Uint8Array[];
  readonly #mutation: Mutation;
  readonly #seeds: number;
  /** What was kept beyond the seeds. */
  readonly kept: Uint8Array[] = [];
  #unchanged = 0;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#inputs = [...options.seeds];
    this.#seeds = this.#inputs.length;
    const { random, dictionary, bytesMax } = options;
    this.#mutation = {
      random,
      bytesMax,
      dictionary: dictionary.map((word) => Buffer.from(word, 'latin1')),
      other: () => random.pick(this.#inputs),
    };
  }

  get size(): number {
    return this.#inputs.length;
  }

  next(): Uint8Array {
    const seed = this.#inputs[this.#unchanged];
    if (this.#unchanged < this.#seeds && seed) {
      this.#unchanged++;
      return seed;
    }
    const { random, mutators } = this.#options;
    const parent = this.#pick();
    const knowing =
      mutators.length > 0 && random.chance(0.65) ? random.pick(mutators) : mutateBytes;
    const mutant = knowing(parent, this.#mutation);
    return random.chance(0.15) ? mutateBytes(mutant, this.#mutation) : mutant;
  }

  keep(input: Uint8Array): void {
    this.kept.push(input);
    this.#inputs.push(input);
    if (this.#inputs.length > inputsMax) this.#inputs.splice(this.#seeds, 1);
  }

  #pick(): Uint8Array {
    // Of two the smaller one: what costs less is tried more often.
    const [a, b] = [this.#any(), this.#any()];
    return a.length <= b.length ? a : b;
  }

  #any(): Uint8Array {
    const { random } = this.#options;
    if (random.chance(seedShare)) return this.#inputs[random.below(this.#seeds)] as Uint8Array;
    if (!random.chance(newestShare)) return random.pick(this.#inputs);
    const from = Math.max(0, this.#inputs.length - newest);
    return this.#inputs[from + random.below(this.#inputs.length - from)] as Uint8Array;
  }
}
