import { expect, test, vi } from 'vitest';
import { AnswerRoom } from './answer-room.ts';

const small = { objects: 10, text: 10 };
const large = { objects: 100, text: 50 };
const of = (objects: number, text = 0) => ({ objects, text });

test('waits once, when a small answer becomes a large one', async () => {
  const turn = vi.fn(async () => {});
  const room = new AnswerRoom({ small, large, turn });
  await room.take(of(10, 10));
  expect([turn.mock.calls.length, room.isLarge]).toEqual([0, false]);
  await room.take(of(1));
  await room.take(of(89, 40));
  expect([turn.mock.calls.length, room.isLarge]).toEqual([1, true]);
  expect(room.left).toEqual(of(0, 0));
});

test('refuses what is more than a large answer, and holds then what it held', async () => {
  const room = new AnswerRoom({ small, large, turn: async () => {} });
  await room.take(of(40));
  expect(await room.admit(of(61))).toBe(false);
  await expect(room.take(of(0, 51))).rejects.toMatchObject({ code: 'too-much-asked' });
  expect(room.left).toEqual(of(60, 50));
  expect(await room.admit(of(60, 50))).toBe(true);
});

test('stays small when its turn does not come', async () => {
  const turn = () => Promise.reject(new Error('too late'));
  const room = new AnswerRoom({ small, large, turn });
  await expect(room.take(of(11))).rejects.toThrow('too late');
  expect(room.left).toEqual(of(10, 10));
});
