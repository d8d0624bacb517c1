import type { Mutator } from './mutation.ts';

/** For inputs whose first `bytes` bytes choose something: leaves them, but for once in a while. */
export function behindFirst(mutator: Mutator, bytes = 1): Mutator {
  return (input, mutation) => {
    const { random, other } = mutation;
    const head = Buffer.from(input.subarray(0, bytes));
    if (head.length > 0 && random.chance(0.05)) head[random.below(head.length)] = random.below(256);
    const inner = { ...mutation, other: () => other().subarray(bytes) };
    return Buffer.concat([head, mutator(input.subarray(bytes), inner)]);
  };
}
