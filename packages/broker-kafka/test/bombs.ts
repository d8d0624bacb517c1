/** Compressed records that are far larger than the batch that holds them. */
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { bodyOf, hollowRecord, type WrittenRecord } from './hand-made-batch.ts';

export const codecs = { gzip: 1, snappy: 2, lz4: 3, zstd: 4 } as const;
export type Codec = keyof typeof codecs;
type CodecNumber = (typeof codecs)[Codec];

const pieceBytes = 4 * 1024 * 1024;

/** One record whose value is so many zeros; a multiple of 4 MiB. */
export function bomb(codec: CodecNumber, zeros: number): Buffer {
  const { head, tail } = hollowRecord(zeros);
  const pieces = zeros / pieceBytes;
  switch (codec) {
    case codecs.gzip:
      return members(gzipSync, { head, tail, pieces });
    case codecs.zstd:
      return members(zstdCompressSync, { head, tail, pieces });
    case codecs.snappy:
      return snappyBomb({ head, tail, pieces });
    case codecs.lz4:
      return lz4Bomb({ head, tail, pieces });
  }
}

/** The last record in a frame of zstd of its own. */
export function twoFrames(records: readonly WrittenRecord[]): Buffer {
  const body = bodyOf(records);
  const first = bodyOf(records.slice(0, -1)).length;
  const parts = [body.subarray(0, first), body.subarray(first)];
  return Buffer.concat(parts.map((part) => zstdCompressSync(part)));
}

interface Parts {
  head: Buffer;
  tail: Buffer;
  pieces: number;
}

function repeated(piece: Buffer, { head, tail, pieces }: Parts): Buffer {
  return Buffer.concat([head, ...Array.from({ length: pieces }, () => piece), tail]);
}

/** Members of gzip and frames of zstd follow each other. */
function members(compress: (bytes: Buffer) => Buffer, { head, tail, pieces }: Parts): Buffer {
  const zeros = compress(Buffer.alloc(pieceBytes));
  return repeated(zeros, { head: compress(head), tail: compress(tail), pieces });
}

/** In the framing of snappy-java: a header, then blocks behind their lengths. */
function snappyBomb({ head, tail, pieces }: Parts): Buffer {
  const framed = (block: Buffer) => Buffer.concat([uint32BE(block.length), block]);
  const literal = (bytes: Buffer) =>
    framed(Buffer.concat([Buffer.from([bytes.length, (bytes.length - 1) << 2]), bytes]));
  const header = Buffer.concat([
    Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0]),
    uint32BE(1),
    uint32BE(1),
  ]);
  // A zero, then copies of 64 bytes from one byte back, and of 63 at the end.
  const copy = (length: number) => Buffer.from([((length - 1) << 2) | 2, 1, 0]);
  const copies = Array.from({ length: pieceBytes / 64 - 1 }, () => copy(64));
  const zeros = framed(
    Buffer.concat([unsigned(pieceBytes), Buffer.from([0, 0]), ...copies, copy(63)]),
  );
  const parts = { head: literal(head), tail: literal(tail), pieces };
  return Buffer.concat([header, repeated(zeros, parts)]);
}

/** One frame of blocks of 4 MiB, each independent of the others. */
function lz4Bomb({ head, tail, pieces }: Parts): Buffer {
  const framed = (block: Buffer, isPlain = false) => {
    const length = Buffer.alloc(4);
    length.writeUInt32LE((block.length | (isPlain ? 0x80000000 : 0)) >>> 0);
    return Buffer.concat([length, block]);
  };
  // A zero and a match of it, as long as there is room before the last five bytes.
  const more = pieceBytes - 1 - 5 - 4 - 15;
  const lengths = Buffer.concat([
    Buffer.alloc(Math.floor(more / 255), 255),
    Buffer.from([more % 255]),
  ]);
  const zeros = framed(
    Buffer.concat([Buffer.from([0x1f, 0, 1, 0]), lengths, Buffer.from([0x50, 0, 0, 0, 0, 0])]),
  );
  const parts = { head: framed(head, true), tail: framed(tail, true), pieces };
  const frame = Buffer.from([0x04, 0x22, 0x4d, 0x18, 0x60, 0x70, 0x73]);
  return Buffer.concat([frame, repeated(zeros, parts), Buffer.alloc(4)]);
}

function uint32BE(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function unsigned(value: number): Buffer {
  const bytes: number[] = [];
  let left = value;
  for (; left >= 0x80; left = Math.floor(left / 0x80)) bytes.push((left % 0x80) | 0x80);
  bytes.push(left);
  return Buffer.from(bytes);
}
