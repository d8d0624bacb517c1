import { describe, expect, it } from 'vitest';
import { positionsToCommit } from './commit.ts';

const at = (partition: number, position: number) => ({ topic: 't', partition, position });

describe('positionsToCommit', () => {
  const cases: [string, ReturnType<typeof at>[], string[], ReturnType<typeof at>[]][] = [
    ['nothing', [], [], []],
    ['all done', [at(0, 1), at(0, 2)], [], [at(0, 2)]],
    ['the first is not done', [at(0, 1), at(0, 2)], ['0/1'], []],
    ['a hole in the middle', [at(0, 1), at(0, 2), at(0, 3)], ['0/2'], [at(0, 1)]],
    ['the last is not done', [at(0, 1), at(0, 2)], ['0/2'], [at(0, 1)]],
    ['partitions are apart', [at(0, 1), at(1, 7), at(0, 2), at(1, 8)], ['0/1'], [at(1, 8)]],
    ['positions may skip', [at(0, 5), at(0, 9)], [], [at(0, 9)]],
  ];
  it.each(cases)('%s', (_name, messages, undone, expected) => {
    const isDone = ({ partition, position }: { partition: number; position: number }) =>
      !undone.includes(`${partition}/${position}`);
    expect(positionsToCommit(messages, isDone)).toEqual(expected);
  });
});
