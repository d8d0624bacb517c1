import { otherName } from '@spillway/store/live';

/** Of one list in an answer, as JSON: names may be long where records are kept whole. */
const bytesMax = 4 * 1_048_576;

/**
 * The first rows within the limits of an answer. `truncated` also where the store counted names that
 * found no room under the one that stands for all others.
 */
export function wholeList<T extends object>(
  rows: readonly T[],
  limit: number,
): { items: T[]; truncated: boolean } {
  const items: T[] = [];
  let bytes = 0;
  for (const row of rows.slice(0, limit)) {
    bytes += Buffer.byteLength(JSON.stringify(row));
    if (bytes > bytesMax) break;
    items.push(row);
  }
  const isAll = items.length === rows.length && !rows.some(isOther);
  return { items, truncated: !isAll };
}

function isOther(row: object): boolean {
  return Object.values(row).includes(otherName);
}
