import { otherName } from '@spillway/store/live';
import { expect, test } from 'vitest';
import { wholeList } from './whole-list.ts';

const rows = ['a', 'b', 'c'].map((service) => ({ service }));

test('a list within the limits is whole', () => {
  expect(wholeList(rows, 3)).toEqual({ items: rows, truncated: false });
});

test('a list that is cut says so', () => {
  expect(wholeList(rows, 2)).toEqual({ items: rows.slice(0, 2), truncated: true });
});

test('a list with the sum of all other names says so', () => {
  const items = [...rows, { service: otherName }];
  expect(wholeList(items, 10)).toEqual({ items, truncated: true });
});

test('long names end a list before its bytes are too many', () => {
  const long = Array.from({ length: 100 }, (_, i) => ({ operation: `${i}${'日'.repeat(50_000)}` }));
  const { items, truncated } = wholeList(long, 1_000);
  expect(truncated).toBe(true);
  expect(Buffer.byteLength(JSON.stringify(items))).toBeLessThanOrEqual(4 * 1_048_576 + 100);
  expect(items.length).toBeGreaterThan(10);
});
