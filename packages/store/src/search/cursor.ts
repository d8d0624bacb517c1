import { invalidCursor } from '../errors.ts';

/** One value of a cursor. */
export type CursorValue = string | number | bigint;

/** What an integer of a cursor may be: the range of the column that it is compared with. */
const ranges = {
  /** ms since the epoch, up to the year 5138. */
  ms: [0n, 10n ** 14n],
  /** What a signed column of 32 or 64 bits has of our numbers, none of which is negative. */
  int32: [0n, 2n ** 31n - 1n],
  int64: [0n, 2n ** 63n - 1n],
  uint64: [0n, 2n ** 64n - 1n],
  uint128: [0n, 2n ** 128n - 1n],
  /** An integer that a JSON number holds. */
  safe: [BigInt(Number.MIN_SAFE_INTEGER), BigInt(Number.MAX_SAFE_INTEGER)],
} as const;

/** The type of one value of a cursor. */
export type CursorColumn = keyof typeof ranges;

/** No valid cursor is longer: six numbers of 40 digits, their quotes and commas, as base64. */
const charsMax = 400;

/** Makes the cursor behind an item from its sort values; it is opaque to the client. */
export function writeCursor(values: readonly CursorValue[]): string {
  return Buffer.from(JSON.stringify(values.map(String))).toString('base64url');
}

/**
 * The integers that were written, one for each column. Throws `invalid-query` for anything
 * else, so that no store meets a value that its column cannot have.
 */
export function readCursor(cursor: string, columns: readonly CursorColumn[]): bigint[] {
  const values = cursor.length <= charsMax ? parse(cursor) : undefined;
  if (!Array.isArray(values) || values.length !== columns.length) throw invalidCursor();
  return columns.map((column, i) => {
    const value: unknown = values[i];
    if (typeof value !== 'string' || !/^-?\d{1,39}$/.test(value)) throw invalidCursor();
    const [least, most] = ranges[column];
    const integer = BigInt(value);
    if (integer < least || integer > most) throw invalidCursor();
    return integer;
  });
}

function parse(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString());
  } catch {
    return undefined;
  }
}
