import { InvalidCursorError } from './search-store.ts';

export type CursorValue = string | number | bigint;

/** The sort values of the last item, opaque to the client. */
export function writeCursor(values: readonly CursorValue[]): string {
  return Buffer.from(JSON.stringify(values.map(String))).toString('base64url');
}

/** The same number of integers that was written; throws `InvalidCursorError` for anything else. */
export function readCursor(cursor: string, length: number): bigint[] {
  const values = parse(cursor);
  const fits = Array.isArray(values) && values.length === length;
  if (!fits || !values.every((value) => typeof value === 'string' && /^-?\d{1,39}$/.test(value))) {
    throw new InvalidCursorError();
  }
  return values.map((value) => BigInt(value as string));
}

function parse(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString());
  } catch {
    return undefined;
  }
}
