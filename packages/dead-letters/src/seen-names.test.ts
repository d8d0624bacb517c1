import { expect, it } from 'vitest';
import { NameSet } from './name-set.ts';
import { PositionSet } from './position-set.ts';
import { SeenNames } from './seen-names.ts';

/** Every third name comes again, behind all others. */
function* names(count: number): Generator<string> {
  for (let n = 0; n < count; n++) yield `name ${n}`;
  for (let n = 0; n < count; n += 3) yield `name ${n}`;
}

it.each([
  ['all of them in one pass', 1_000, 1_048_576],
  ['a range in each of several passes', 6_000, 16_384],
])('repeated names are found, each once: %s', (_how, count, bytesMax) => {
  const seen = new SeenNames(bytesMax);
  const repeated = new Map<number, number>();
  let passes = 0;
  for (let isDone = false; !isDone; isDone = seen.isDone) {
    if (passes++ > 0) seen.nextPass();
    let at = 0;
    for (const name of names(count)) {
      if (seen.isRepeated(name)) repeated.set(at, (repeated.get(at) ?? 0) + 1);
      at++;
    }
  }
  const again = Array.from({ length: Math.ceil(count / 3) }, (_, n) => count + n);
  expect([...repeated.keys()].sort((a, b) => a - b)).toEqual(again);
  expect(new Set(repeated.values())).toEqual(new Set([1]));
  expect(passes > 1).toBe(count > 1_000);
});

it('a set of names has those that were added, and no others', () => {
  const set = new NameSet();
  for (let n = 0; n < 10_000; n += 2) set.add(`name ${n}`);
  const found = Array.from({ length: 10_000 }, (_, n) => n).filter((n) => set.has(`name ${n}`));
  expect(found).toEqual(Array.from({ length: 5_000 }, (_, n) => 2 * n));
  expect(set.bytes).toBeLessThan(22 * 5_000);
});

it('a set of positions has those that were added, near and far', () => {
  const set = new PositionSet();
  const added = [0, 1, 4_095, 4_096, 70_000, 2 ** 52];
  for (const position of added) set.add(position);
  for (const position of added) {
    expect(set.has(position)).toBe(true);
    expect(set.has(position + 2)).toBe(false);
  }
  for (let position = 0; position < 100_000; position++) set.add(position);
  expect(set.bytes).toBeLessThan(100_000 / 4);
});
