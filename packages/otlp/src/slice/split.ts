/** Cuts a message that is larger than the broker takes into several that are not. */
import { ordinalsOf } from '../decode/decode.ts';
import type { Signal } from '../signal.ts';
import { extract } from './extract.ts';
import { countRecords } from './scan.ts';

/** A message of its own, with some of the records of the one that was split. */
export interface Part {
  records: number;
  bytes: Uint8Array;
  /** Ordinals of its records, as they were in the whole; undefined when all are 0. */
  ordinals: readonly number[] | undefined;
}

/** The parts of a message that was too large, and the records that are too large alone. */
export interface Split {
  /** In the order of their records. */
  parts: Part[];
  /** Records that are too large alone: messages of one record. */
  oversize: Uint8Array[];
}

/** Limits of the parts of a message. */
export interface SplitLimits {
  /** Bytes of a part: its content, and its ordinals as decimal text. */
  bytesMax: number;
  /** Bytes of all parts together: what surrounds the records is repeated in each. */
  totalBytesMax: number;
}

/**
 * Halves the message, by its records in their order, until each part is small enough. Where it is
 * cut depends on the bytes and the limits alone, so a retry of the same bytes gives the same parts,
 * and a record keeps its key, since its part carries its ordinal.
 * @returns undefined when the parts would be larger than `totalBytesMax` together: a resource or
 * scope is so large that hardly any record fits beside it
 * @throws OtlpError exactly when `scan` does
 */
export function split(signal: Signal, message: Uint8Array, limits: SplitLimits): Split | undefined {
  const records = countRecords(signal, message);
  const ordinals = ordinalsOf(signal, message);
  const left: Part[] = records > 0 ? [{ records, bytes: message, ordinals }] : [];
  const found: Split = { parts: [], oversize: [] };
  let totalBytes = message.length;
  // The next part is the last of the list.
  for (let part = left.pop(); part !== undefined; part = left.pop()) {
    if (sizeOf(part) <= limits.bytesMax) found.parts.push(part);
    else if (part.records === 1) found.oversize.push(part.bytes);
    else {
      const halves = halve(signal, part);
      totalBytes += sizeOf(halves[0]) + sizeOf(halves[1]) - part.bytes.length;
      if (totalBytes > limits.totalBytesMax) return undefined;
      left.push(halves[1], halves[0]);
    }
  }
  return found;
}

function halve(signal: Signal, { records, bytes, ordinals }: Part): [Part, Part] {
  const half = records >>> 1;
  const cut = (from: number, to: number): Part => {
    const indexes = Array.from({ length: to - from }, (_, i) => from + i);
    return {
      records: to - from,
      bytes: extract(signal, bytes, indexes),
      ordinals: unlessAllZero(ordinals?.slice(from, to)),
    };
  };
  return [cut(0, half), cut(half, records)];
}

function unlessAllZero(ordinals: number[] | undefined): number[] | undefined {
  return ordinals?.some((ordinal) => ordinal > 0) ? ordinals : undefined;
}

function sizeOf({ bytes, ordinals }: Part): number {
  return bytes.length + (ordinals?.join(',').length ?? 0);
}
