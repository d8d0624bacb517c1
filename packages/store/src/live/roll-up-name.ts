import { hash } from 'node:crypto';

/** Bytes of UTF-8 that a roll-up keeps of a name; the stored record keeps all of it. */
export const serviceBytesMax = 100;

/** Bytes of the name of an operation in the roll-ups. */
export const operationBytesMax = 250;

/** What finds no room under the limit of names is counted under this one. */
export const otherName = 'other (too many names)';

const digestChars = 8;
/** Bytes of `…#` and the digest. */
const markerBytes = 4 + digestChars;
const control = /\p{Cc}/gu;

/**
 * The name under which roll-ups count: without control characters (they separate names) and at most
 * `bytesMax` bytes. A longer one ends in a mark and a digest of the whole, `name…#a1b2c3d4`, so that
 * two long names do not become one. Never holds on to the string that it was cut from.
 */
export function rollUpName(name: string, bytesMax: number): string {
  const isShort = name.length <= bytesMax && Buffer.byteLength(name) <= bytesMax;
  const kept = isShort ? name : `${beginning(name, bytesMax - markerBytes)}…#${digestOf(name)}`;
  return kept.toWellFormed().replace(control, ' ');
}

/** Whole characters of the first `bytesMax` bytes. */
function beginning(name: string, bytesMax: number): string {
  const bytes = Buffer.from(name.slice(0, bytesMax + 1));
  let end = bytesMax;
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  return bytes.toString('utf8', 0, end);
}

function digestOf(name: string): string {
  return hash('sha256', name, 'hex').slice(0, digestChars);
}
