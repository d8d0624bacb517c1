import { expect, test } from 'vitest';
import { type AssignMember, assign } from './assign.ts';

const queues = Array.from({ length: 12 }, (_, n) => ({ name: `t/${n}/g`, topic: 't' }));

test('shares are fair, complete, and the same for everybody', () => {
  for (const count of [1, 2, 3, 5, 12, 20]) {
    const members = membersOf(count);
    const plan = assign(queues, members);
    expect(plan.size).toBe(queues.length);
    const sizes = members.map(({ member }) => sizeOf(plan, member));
    expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
    expect([...assign(queues, members.toReversed())].sort()).toEqual([...plan].sort());
  }
});

test('when a member joins, most queues stay where they are', () => {
  for (const count of [1, 2, 3, 5]) {
    const before = assign(queues, membersOf(count));
    const after = assign(queues, membersOf(count + 1));
    const moved = queues.filter(({ name }) => before.get(name) !== after.get(name));
    expect(moved.length).toBeLessThanOrEqual(queues.length / 2);
  }
});

test('a topic goes only to those who read it', () => {
  const other = { name: 'u/0/g', topic: 'u' };
  const both: AssignMember = { member: 'both', topics: new Set(['t', 'u']) };
  const plan = assign([...queues, other], [...membersOf(2), both]);
  expect(plan.get(other.name)).toBe('both');
  expect(plan.size).toBe(queues.length + 1);
  expect(assign([other], membersOf(2)).size).toBe(0);
});

function membersOf(count: number): AssignMember[] {
  return Array.from({ length: count }, (_, n) => ({ member: `m${n}`, topics: new Set(['t']) }));
}

function sizeOf(plan: ReadonlyMap<string, string>, wanted: string): number {
  return [...plan.values()].filter((member) => member === wanted).length;
}
