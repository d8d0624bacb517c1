import { expect, test } from 'vitest';
import { ByteGate } from './byte-gate.ts';

const stays = new AbortController().signal;

test('lets in so many bytes at once, in order, and what is larger alone', async () => {
  const gate = new ByteGate(10);
  const entered: string[] = [];
  const enter = async (name: string, bytes: number) => {
    const leave = await gate.enter(bytes, stays);
    entered.push(name);
    return leave as () => void;
  };
  const [a, b] = [await enter('a', 6), await enter('b', 4)];
  const [large, small] = [enter('large', 50), enter('small', 1)];
  a();
  await Promise.resolve();
  expect(entered).toEqual(['a', 'b']);
  b();
  const leave = await large;
  expect(entered).toEqual(['a', 'b', 'large']);
  leave();
  await small;
  expect(entered).toEqual(['a', 'b', 'large', 'small']);
});

test('lets nobody in at the signal, and those behind it go on', async () => {
  const gate = new ByteGate(10);
  const leave = await gate.enter(8, stays);
  const ending = new AbortController();
  const ended = gate.enter(9, ending.signal);
  const behind = gate.enter(2, stays);
  ending.abort();
  expect(await ended).toBeUndefined();
  expect(await behind).toBeTypeOf('function');
  expect(await gate.enter(1, ending.signal)).toBeUndefined();
  leave?.();
});
