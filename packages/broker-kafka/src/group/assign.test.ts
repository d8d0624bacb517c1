import type { TopicPartition } from '@spillway/broker';
import { describe, expect, test } from 'vitest';
import { type AssignedMember, assign } from './assign.ts';
import { decodeAssignment, decodeClaim, encodeAssignment, encodeClaim } from './protocol.ts';

const topics = ['traces', 'logs'];

describe('assign', () => {
  test('a first member gets all, at once', () => {
    const all = partitionsOf(2);
    expect(assign([member('a')], all).get('a')).toHaveLength(4);
  });

  test('a second member gets its half in two rounds, never what another holds', () => {
    const all = partitionsOf(2);
    const first = assign([member('a', all), member('b')], all);
    expect(first.get('a')).toHaveLength(2);
    expect(first.get('b')).toEqual([]);
    const kept = first.get('a') ?? [];
    const second = assign([member('a', kept, 2), member('b', [], 2)], all);
    expect(second.get('a')).toEqual(kept);
    expect(second.get('b')).toHaveLength(2);
  });

  test('what is shared out is even over the topics, too', () => {
    const all = partitionsOf(2);
    const [a = []] = assign([member('a', all), member('b')], all).values();
    expect(new Set(a.map(({ topic }) => topic)).size).toBe(2);
  });

  test('nothing moves while shares are even', () => {
    const all = partitionsOf(3);
    const members = [member('a', all.slice(0, 2)), member('b', all.slice(2, 4))];
    const third = member('c', all.slice(4));
    expect([...assign([third, ...members], all).entries()].sort()).toEqual([
      ['a', all.slice(0, 2)],
      ['b', all.slice(2, 4)],
      ['c', all.slice(4)],
    ]);
  });

  test('of two claims the younger generation holds', () => {
    const all = partitionsOf(1);
    const cutOff = member('a', all, 3);
    const heir = member('b', all, 4);
    const wanted = assign([cutOff, heir], all);
    expect(wanted.get('a')).toEqual([]);
    expect(wanted.get('b')).toHaveLength(1);
  });

  test('a topic goes only to those that read it', () => {
    const reader = { ...member('b'), topics: ['logs'] };
    const wanted = assign([member('a'), reader], partitionsOf(4));
    expect(wanted.get('b')?.every(({ topic }) => topic === 'logs')).toBe(true);
    expect([wanted.get('a')?.length, wanted.get('b')?.length]).toEqual([4, 4]);
  });

  test('an assignment is the same for any order of members', () => {
    const all = partitionsOf(5);
    const members = ['a', 'b', 'c'].map((id) => member(id));
    const wanted = assign(members, all);
    expect(assign(members.toReversed(), all)).toEqual(wanted);
  });
});

test('what members tell each other comes back', () => {
  const claim = { topics: ['tracés', 'logs'], owned: partitionsOf(2), generation: 7 };
  expect(decodeClaim(encodeClaim(claim))).toEqual(claim);
  expect(decodeAssignment(encodeAssignment(claim.owned))).toEqual(claim.owned);
  expect(decodeAssignment(Buffer.alloc(0))).toEqual([]);
});

function member(
  memberId: string,
  owned: readonly TopicPartition[] = [],
  generation = 1,
): AssignedMember {
  return { memberId, topics, owned, generation };
}

function partitionsOf(count: number): TopicPartition[] {
  return topics.flatMap((topic) =>
    Array.from({ length: count }, (_, partition) => ({ topic, partition })),
  );
}
