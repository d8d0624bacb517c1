import { otherName } from '@spillway/store/live';

/** How long a list in an answer may be. */
export interface ListLimits {
  rowsMax: number;
  /** Bytes of the list as JSON: names may be long where records are kept whole. */
  bytesMax: number;
}

/**
 * Keeps the first rows, within the limits of an answer. It is `truncated` also where the store
 * counted names that found no room under the one that stands for all others.
 */
export function wholeList<T extends object>(
  rows: readonly T[],
  { rowsMax, bytesMax }: ListLimits,
): { items: T[]; truncated: boolean } {
  const items: T[] = [];
  let bytes = 0;
  for (const row of rows.slice(0, rowsMax)) {
    bytes += Buffer.byteLength(JSON.stringify(row)) + 1;
    if (bytes > bytesMax) break;
    items.push(row);
  }
  const isAll = items.length === rows.length && !rows.some(isOther);
  return { items, truncated: !isAll };
}

function isOther(row: object): boolean {
  return Object.values(row).includes(otherName);
}
