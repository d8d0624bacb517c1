import { expect, test } from 'vitest';
import { type AssignMember, assign } from './assign.ts';

const partitions = (topic: string, count: number) =>
  Array.from({ length: count }, (_, partition) => ({ topic, partition }));

function member(name: string, topics: string[], held: AssignMember<string>['held'] = []) {
  return { member: name, topics: new Set(topics), held };
}

const counts = (plan: Map<string, unknown[]>) => [...plan.values()].map((given) => given.length);

test('partitions are shared evenly', () => {
  const plan = assign(partitions('t', 8), [
    member('a', ['t']),
    member('b', ['t']),
    member('c', ['t']),
  ]);
  expect(counts(plan).sort()).toEqual([2, 3, 3]);
});

test('a new member takes no more than its share, and nothing else moves', () => {
  const all = partitions('t', 8);
  const before = assign(all, [member('a', ['t']), member('b', ['t'])]);
  const held = (name: string) => before.get(name) ?? [];
  const after = assign(all, [
    member('a', ['t'], held('a')),
    member('b', ['t'], held('b')),
    member('c', ['t']),
  ]);
  expect(counts(after).sort()).toEqual([2, 3, 3]);
  for (const name of ['a', 'b']) {
    expect(held(name)).toEqual(expect.arrayContaining(after.get(name) ?? []));
  }
});

test('more members than partitions leave some without', () => {
  const plan = assign(partitions('t', 1), [member('a', ['t']), member('b', ['t'])]);
  expect(counts(plan).sort()).toEqual([0, 1]);
});

test('a member gets only partitions of its topics', () => {
  const all = [...partitions('s', 4), ...partitions('t', 4), ...partitions('nobody', 2)];
  const plan = assign(all, [member('a', ['s']), member('b', ['s', 't'])]);
  expect(plan.get('a')).toHaveLength(4);
  expect(plan.get('b')?.map(({ topic }) => topic)).toEqual(['t', 't', 't', 't']);
});

test('nobody, nothing', () => {
  expect(assign(partitions('t', 3), []).size).toBe(0);
});
