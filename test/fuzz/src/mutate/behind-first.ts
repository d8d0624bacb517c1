import type { Mutator } from './mutation.ts';

/** For inputs whose first `bytes` bytes choose something: leaves them, but for a share. */
export function behindFirst(mutator: Mutator, bytes = 1, choosing = 0.05): Mutator {
  return (input, mutation) => {
    const { random, other } = mutation;
    const head = Buffer.from(input.subarray(0, bytes));
    if (head.length > 0 && random.chance(choosing))
      head[random.below(head.length)] = random.below(256);
    const inner = { ...mutation, other: () => other().subarray(bytes) };
    return Buffer.concat([head, mutator(input.subarray(bytes), inner)]);
  };
}
