import { expect, test } from 'vitest';
import { nodeFlags } from './node-flags.ts';

test('the command line wins over NODE_OPTIONS, and what nobody chose is undefined', () => {
  expect(nodeFlags(['--max-semi-space-size=1'], '')).toEqual({
    heapBytes: undefined,
    semiSpaceMebibytes: 1,
  });
  const { heapBytes } = nodeFlags(['--max_old_space_size=400'], '--max-old-space-size=300');
  expect(heapBytes).toBe(400 * 1_048_576);
});
