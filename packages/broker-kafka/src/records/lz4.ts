import { copyBack } from './copy-back.ts';

const magic = 0x184d2204;
const blockIsPlain = 0x8000_0000;
const lengthGoesOn = 255;
const matchBytesMin = 4;

/**
 * The blocks of an LZ4 frame, inflated one by one
 * (https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md). Kafka takes only frames whose blocks
 * do not refer to each other; its own checksum covers theirs.
 */
export function* lz4Blocks(bytes: Buffer): Generator<Buffer> {
  if (bytes.readUInt32LE(0) !== magic) throw new Error('No frame of LZ4');
  const flags = bytes.readUInt8(4);
  const blockBytesMax = 1 << (8 + 2 * ((bytes.readUInt8(5) >> 4) & 7));
  if ((flags & 0x20) === 0) throw new Error('Blocks of LZ4 that refer to each other');
  const hasBlockChecksums = (flags & 0x10) !== 0;
  const sizeBytes = (flags & 0x08) === 0 ? 0 : 8;
  const dictionaryBytes = (flags & 0x01) === 0 ? 0 : 4;
  for (let at = 7 + sizeBytes + dictionaryBytes; ; ) {
    const word = bytes.readUInt32LE(at);
    if (word === 0) return;
    const length = word & ~blockIsPlain;
    const block = bytes.subarray(at + 4, at + 4 + length);
    if (block.length < length) throw new Error('A block of LZ4 ends too early');
    yield (word & blockIsPlain) === 0 ? inflateBlock(block, blockBytesMax) : block;
    at += 4 + length + (hasBlockChecksums ? 4 : 0);
  }
}

/** https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md */
function inflateBlock(input: Buffer, bytesMax: number): Buffer {
  const output = Buffer.allocUnsafe(bytesMax);
  let [at, to] = [0, 0];
  const lengthOf = (half: number): number => {
    let length = half;
    if (half < 15) return length;
    for (let byte = lengthGoesOn; byte === lengthGoesOn; ) {
      byte = input.readUInt8(at++);
      length += byte;
    }
    return length;
  };
  while (at < input.length) {
    const token = input.readUInt8(at++);
    const literals = lengthOf(token >> 4);
    if (at + literals > input.length || to + literals > bytesMax) throw tooLong(bytesMax);
    to += input.copy(output, to, at, at + literals);
    at += literals;
    if (at === input.length) break;
    const distance = input.readUInt16LE(at);
    at += 2;
    const length = lengthOf(token & 15) + matchBytesMin;
    copyBack(output, { to, distance, length });
    to += length;
  }
  return exactly(output, to);
}

/** A small block does not keep the memory of the largest. */
function exactly(output: Buffer, length: number): Buffer {
  return length > output.length / 2
    ? output.subarray(0, length)
    : Buffer.from(output.subarray(0, length));
}

function tooLong(bytesMax: number): Error {
  return new Error(`A block of LZ4 ends too early, or has more than ${bytesMax} bytes`);
}
