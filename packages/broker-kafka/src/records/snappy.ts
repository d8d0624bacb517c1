import { copyBack } from './copy-back.ts';
import { Cursor } from './cursor.ts';

/** What snappy-java, and with it most clients of Kafka, puts before blocks with their lengths. */
const framing = Buffer.from('82534e4150505900', 'hex');
const framingBytes = 16;

/**
 * The blocks of a body, inflated one by one; without the framing it is one block
 * (https://github.com/google/snappy/blob/main/format_description.txt).
 */
export function* snappyBlocks(bytes: Buffer, blockBytesMax: number): Generator<Buffer> {
  if (!bytes.subarray(0, framing.length).equals(framing)) {
    yield inflateBlock(bytes, blockBytesMax);
    return;
  }
  const cursor = new Cursor(bytes, framingBytes);
  while (cursor.at < bytes.length) {
    yield inflateBlock(cursor.take(cursor.uint32()), blockBytesMax);
  }
}

function inflateBlock(input: Buffer, bytesMax: number): Buffer {
  const cursor = new Cursor(input);
  const length = cursor.unsignedVarint();
  if (length > bytesMax)
    throw new Error(`A block of Snappy has ${length} bytes; at most ${bytesMax}`);
  const output = Buffer.allocUnsafe(length);
  let to = 0;
  while (cursor.at < input.length) {
    const tag = cursor.uint8();
    if ((tag & 3) === 0) {
      const literal = cursor.take(literalLength(cursor, tag >> 2));
      if (to + literal.length > length) throw new Error(`More than ${length} bytes`);
      to += literal.copy(output, to);
    } else {
      const copy = copyOf(cursor, tag);
      copyBack(output, { to, ...copy });
      to += copy.length;
    }
  }
  if (to < length) throw new Error(`A block of Snappy has ${to} bytes instead of ${length}`);
  return output;
}

/** Up to 60 in the tag itself, else in the one to four bytes behind it. */
function literalLength(cursor: Cursor, inTag: number): number {
  if (inTag < 60) return inTag + 1;
  return littleEndian(cursor.take(inTag - 59)) + 1;
}

function copyOf(cursor: Cursor, tag: number): { distance: number; length: number } {
  if ((tag & 3) === 1) {
    return { length: ((tag >> 2) & 7) + 4, distance: ((tag >> 5) << 8) | cursor.uint8() };
  }
  return { length: (tag >> 2) + 1, distance: littleEndian(cursor.take((tag & 3) === 2 ? 2 : 4)) };
}

function littleEndian(bytes: Buffer): number {
  return bytes.readUIntLE(0, bytes.length);
}
