/**
 * One entry on disk, little-endian:
 *
 *   0  u32  magic
 *   4  u32  CRC-32C of everything after it, started from the segment's salt
 *   8  u32  payload bytes
 *  12  u48  sequence
 *  18  u48  timestamp, ms since the epoch
 *  24       payload
 *
 * The salt is random and secret: bytes that a client put into a payload can never pass for an
 * entry when a reader looks for the next intact one behind a corrupt one.
 */
import { crc32c } from '@node-rs/crc32';

/** One entry of a journal. */
export interface Entry {
  sequence: number;
  /** Where it stands in its segment's file. */
  offset: number;
  /** When the journal took it, by its clock. */
  timestampMs: number;
  /** A view of the chunk that was read; copy it to keep it for long. */
  payload: Uint8Array;
}

/** Bytes of an entry beside its payload. */
export const entryHeaderBytes = 24;
export const entryMagic = 0x4c575053;
const checkedFrom = 8;

export interface EntryHead {
  sequence: number;
  timestampMs: number;
  payloadBytes: number;
}

export function writeEntryHead(
  into: Buffer,
  head: EntryHead,
  parts: readonly Uint8Array[],
  salt: number,
): void {
  into.writeUInt32LE(entryMagic, 0);
  into.writeUInt32LE(head.payloadBytes, 8);
  into.writeUIntLE(head.sequence, 12, 6);
  into.writeUIntLE(head.timestampMs, 18, 6);
  let crc = crc32c(into.subarray(checkedFrom, entryHeaderBytes), salt);
  for (const part of parts) crc = crc32c(part, crc);
  into.writeUInt32LE(crc, 4);
}

/**
 * Reads the header of an entry, unchecked; undefined when no entry can begin at `offset`. At least
 * `entryHeaderBytes` must follow it.
 */
export function readEntryHead(bytes: Buffer, offset: number): EntryHead | undefined {
  if (bytes.readUInt32LE(offset) !== entryMagic) return undefined;
  return {
    payloadBytes: bytes.readUInt32LE(offset + 8),
    sequence: bytes.readUIntLE(offset + 12, 6),
    timestampMs: bytes.readUIntLE(offset + 18, 6),
  };
}

/** Whether the checksum of an entry fits. The whole entry must lie in `bytes`. */
export function isIntact(bytes: Buffer, offset: number, head: EntryHead, salt: number): boolean {
  const end = offset + entryHeaderBytes + head.payloadBytes;
  return crc32c(bytes.subarray(offset + checkedFrom, end), salt) === bytes.readUInt32LE(offset + 4);
}
