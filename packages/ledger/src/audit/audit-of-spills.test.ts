import { describe, expect, it } from 'vitest';
import { id } from '../test-facts.ts';
import { SpillIndex } from './spill-index.ts';

describe('what spills were told to hold', () => {
  const range = { gateway: 'gw', epoch: 1, topic: 'otlp_spans', partition: 0 };
  const index = new SpillIndex([
    { spill: 'late', waiting: [{ ...range, from: 20, to: 20 }] },
    {
      spill: 'early',
      waiting: [
        { ...range, from: 11, to: 14 },
        { ...range, from: 3, to: 5 },
        { ...range, epoch: 2, from: 1, to: 99 },
      ],
    },
  ]);
  it.each([
    [2, undefined],
    [3, 'early'],
    [5, 'early'],
    [6, undefined],
    [14, 'early'],
    [20, 'late'],
    [21, undefined],
  ])('sequence %i is in %s', (sequence, spill) => {
    expect(index.spillOf(id(sequence))).toBe(spill);
    expect(index.spillOf(id(sequence, 'other'))).toBeUndefined();
  });
});
