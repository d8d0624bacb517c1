/**
 * What a record takes in memory, from its bytes: an object with its fields, its texts (two bytes a
 * character at worst), and an object for each value. Checked against the heap in `hostile-bytes.test.ts`.
 */
import { BrokenRecordError } from '../errors.ts';
import type { Fault } from '../fault.ts';

/** Values in one record, resource or scope; see `countValues`. Telemetry has some tens of them. */
export const recordValuesMax = 65_536;
/**
 * Bytes of memory for one record, resource or scope: 16 MiB of text fit, which is what a broker
 * takes.
 */
export const recordBytesMax = 40 * 1024 * 1024;

const bytesPerRecord = 512;
const bytesPerByte = 2;
const bytesPerValue = 112;

/**
 * Estimates the bytes of memory that a record takes.
 * @param bytes The record's size on the wire.
 */
export function costOf(bytes: number, values: number): number {
  return bytesPerRecord + bytesPerByte * bytes + bytesPerValue * values;
}

/**
 * Checks by its size whether a record would take too much memory, before anything of it is built.
 */
export function tooLarge(bytes: number): Fault | undefined {
  const cost = costOf(bytes, 0);
  if (cost <= recordBytesMax) return undefined;
  const reason = `${bytes} bytes would take ${cost} in memory, and at most ${recordBytesMax} are given`;
  return { code: 'too-complex', reason };
}

/** Throws the error of a record with too many values, while it is built. */
export function tooManyValues(): never {
  throw new BrokenRecordError('too-complex', `at most ${recordValuesMax} are taken`);
}
