import { describe, expect, it } from 'vitest';
import { invalidCursor } from '../errors.ts';
import { type CursorValue, readCursor, writeCursor } from './cursor.ts';

const columns = ['ms', 'uint64', 'int64', 'int32', 'uint128'] as const;
const fine: CursorValue[] = [
  1_767_225_600_000,
  2n ** 64n - 1n,
  2n ** 63n - 1n,
  2 ** 31 - 1,
  2n ** 128n - 1n,
];

describe('a cursor', () => {
  it('comes back as it was written', () => {
    expect(readCursor(writeCursor(fine), columns)).toEqual(fine.map(BigInt));
  });

  it.each([
    ['of another length', writeCursor(fine.slice(1))],
    ['with a value that its column cannot have', writeCursor(fine.with(3, 2 ** 31))],
    ['with one that no column has', writeCursor(fine.with(4, 2n ** 128n))],
    ['with a negative one', writeCursor(fine.with(0, -1))],
    ['with a time beyond every calendar', writeCursor(fine.with(0, 10n ** 30n))],
    ['with what is no integer', writeCursor(fine.with(0, '1e9'))],
    ['with JSON of another shape', Buffer.from('{"length":5}').toString('base64url')],
    ['with numbers in place of texts', Buffer.from('[1,2,3,4,5]').toString('base64url')],
    ['that is no base64', '\u0000'],
    ['that is longer than any of ours', 'A'.repeat(5_000)],
  ])('%s is refused', (_, cursor) => {
    expect(() => readCursor(cursor, columns)).toThrow(invalidCursor());
  });
});
