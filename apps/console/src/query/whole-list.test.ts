import { otherName } from '@spillway/store/live';
import { expect, test } from 'vitest';
import { wholeList } from './whole-list.ts';

const bytesMax = 4 * 1_048_576;
const rows = ['a', 'b', 'c'].map((service) => ({ service }));

test('a list within the limits is whole', () => {
  expect(wholeList(rows, { rowsMax: 3, bytesMax })).toEqual({ items: rows, truncated: false });
});

test('a list that is cut says so', () => {
  expect(wholeList(rows, { rowsMax: 2, bytesMax })).toEqual({
    items: rows.slice(0, 2),
    truncated: true,
  });
});

test('a list with the sum of all other names says so', () => {
  const items = [...rows, { service: otherName }];
  expect(wholeList(items, { rowsMax: 10, bytesMax })).toEqual({ items, truncated: true });
});

test('long names end a list before its bytes are too many', () => {
  const long = Array.from({ length: 100 }, (_, i) => ({ operation: `${i}${'日'.repeat(50_000)}` }));
  const { items, truncated } = wholeList(long, { rowsMax: 1_000, bytesMax });
  expect(truncated).toBe(true);
  expect(Buffer.byteLength(JSON.stringify(items))).toBeLessThanOrEqual(bytesMax + 2);
  expect(items.length).toBeGreaterThan(10);
});
