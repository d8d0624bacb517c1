import { expect, test } from 'vitest';
import { createRing } from './ring.ts';
import { slots, slotTable } from './slot-table.ts';

const keys = Array.from({ length: 500 }, (_, key) => `key-${key}`);

test('the order of the owners does not matter', () => {
  const one = createRing(['a', 'b', 'c']);
  const other = createRing(['c', 'a', 'b']);
  expect(keys.map((key) => one.ownerOf(key))).toEqual(keys.map((key) => other.ownerOf(key)));
});

test('a new owner takes keys, and none moves between the old ones', () => {
  const before = createRing(['a', 'b', 'c']);
  const after = createRing(['a', 'b', 'c', 'd']);
  const moved = keys.filter((key) => before.ownerOf(key) !== after.ownerOf(key));
  expect(moved.length).toBeGreaterThan(0);
  expect(new Set(moved.map((key) => after.ownerOf(key)))).toEqual(new Set(['d']));
});

test('what makes no ring is refused', () => {
  expect(() => createRing([])).toThrow(RangeError);
  expect(() => createRing(['a', 'a'])).toThrow(RangeError);
});

test('a slot table names every partition, and is computed once', () => {
  const table = slotTable(5);
  expect(table).toHaveLength(slots);
  expect(new Set(table)).toEqual(new Set([0, 1, 2, 3, 4]));
  expect(slotTable(5)).toBe(table);
  expect(new Set(slotTable(1))).toEqual(new Set([0]));
});

test('a slot table stays what it is: messages of a key must find their partition again', () => {
  const sample = [0, 1, 4_095, 30_000, 65_535].map((slot) => slotTable(12)[slot]);
  expect(sample).toMatchInlineSnapshot(`
    [
      6,
      5,
      0,
      0,
      8,
    ]
  `);
});

test('what is no number of partitions is refused', () => {
  for (const partitions of [0, -1, 1.5, 65_537]) {
    expect(() => slotTable(partitions)).toThrow(RangeError);
  }
});
