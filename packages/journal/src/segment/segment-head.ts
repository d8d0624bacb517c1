/**
 * The head of a segment file: two equal copies of 40 bytes, so that one flipped byte does not cost
 * the segment (without the salt none of its entries can be read). Little-endian:
 *
 *   0  u32  magic, with the layout's version in its last byte
 *   4  u32  CRC-32C of the rest
 *   8  u32  salt of the entries' checksums
 *  12  u48  first sequence
 *  18  u48  the segment before: first sequence (equal to this one's when there is none)
 *  24  u48  the segment before: sequence after its last entry
 *  30  u48  the segment before: latest timestamp
 *  36  u32  zero
 *
 * The facts about the segment before let a journal open without reading sealed segments, and keep
 * sequences that were skipped on purpose apart from entries that were lost.
 */
import { crc32c } from '@node-rs/crc32';

export interface SegmentHead {
  salt: number;
  first: number;
  previous: SealedFacts | undefined;
}

export interface SealedFacts {
  first: number;
  end: number;
  latestMs: number;
}

const copyBytes = 40;
export const segmentHeadBytes = 2 * copyBytes;
const magic = 0x01474553;

export function encodeSegmentHead(head: SegmentHead): Buffer {
  const copy = Buffer.alloc(copyBytes);
  copy.writeUInt32LE(magic, 0);
  copy.writeUInt32LE(head.salt, 8);
  copy.writeUIntLE(head.first, 12, 6);
  copy.writeUIntLE(head.previous?.first ?? head.first, 18, 6);
  copy.writeUIntLE(head.previous?.end ?? head.first, 24, 6);
  copy.writeUIntLE(head.previous?.latestMs ?? 0, 30, 6);
  copy.writeUInt32LE(crc32c(copy.subarray(8)), 4);
  return Buffer.concat([copy, copy]);
}

/** Reads the head of a segment, which stands there twice; undefined when neither copy is intact. */
export function decodeSegmentHead(bytes: Buffer): SegmentHead | undefined {
  return decodeCopy(bytes.subarray(0, copyBytes)) ?? decodeCopy(bytes.subarray(copyBytes));
}

function decodeCopy(bytes: Buffer): SegmentHead | undefined {
  if (bytes.length < copyBytes || bytes.readUInt32LE(0) !== magic) return undefined;
  const copy = bytes.subarray(0, copyBytes);
  if (crc32c(copy.subarray(8)) !== copy.readUInt32LE(4)) return undefined;
  const first = copy.readUIntLE(12, 6);
  const previous = {
    first: copy.readUIntLE(18, 6),
    end: copy.readUIntLE(24, 6),
    latestMs: copy.readUIntLE(30, 6),
  };
  return {
    salt: copy.readUInt32LE(8),
    first,
    previous: previous.first === first ? undefined : previous,
  };
}
