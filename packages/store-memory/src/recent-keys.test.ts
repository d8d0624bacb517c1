import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { RecentKeys } from './recent-keys.ts';

const keyOf = (n: number) => createHash('md5').update(String(n)).digest('hex');

test('a key is new once within the window, among many others', () => {
  const keys = new RecentKeys({ windowMs: 900_000, keysMax: 50_000, clock: () => 0 });
  for (let n = 0; n < 20_000; n++) expect(keys.add(keyOf(n))).toBe(true);
  for (let n = 0; n < 20_000; n++) expect(keys.add(keyOf(n))).toBe(false);
  expect(keys.cutShort).toBe(0);
});

test('a key is forgotten after the window and not before two thirds of it', () => {
  let nowMs = 0;
  const keys = new RecentKeys({ windowMs: 900, keysMax: 100, clock: () => nowMs });
  keys.add(keyOf(1));
  for (nowMs = 100; nowMs <= 600; nowMs += 100) expect(keys.add(keyOf(1))).toBe(false);
  for (; nowMs <= 1_000; nowMs += 100) keys.add(keyOf(nowMs));
  expect(keys.add(keyOf(1))).toBe(true);
});

test('more keys than fit shorten the window instead of growing the memory', () => {
  const keys = new RecentKeys({ windowMs: 900, keysMax: 1_000, clock: () => 0 });
  for (let n = 0; n < 5_000; n++) keys.add(keyOf(n));
  expect(keys.cutShort).toBe(4);
  expect(keys.add(keyOf(4_999))).toBe(false);
  expect(keys.add(keyOf(0))).toBe(true);
});

test('after a long silence nothing is recent', () => {
  let nowMs = 0;
  const keys = new RecentKeys({ windowMs: 900, keysMax: 100, clock: () => nowMs });
  keys.add(keyOf(1));
  nowMs = 100_000;
  expect(keys.add(keyOf(1))).toBe(true);
});
