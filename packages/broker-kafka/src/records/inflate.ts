import zlib from 'node:zlib';
import { lz4Blocks } from './lz4.ts';
import { snappyBlocks } from './snappy.ts';

export interface InflateLimits {
  /** Bytes of one block of Snappy, which says how large it is. */
  blockBytesMax: number;
}

const chunkSize = 64 * 1024;
/** Each frame is inflated by an engine of its own; who writes several, writes few. */
const framesMax = 64;
/** zstd takes the window that a frame asks for, up to 2 GiB; encoders use less than 16 MiB by default. */
const params = { [zlib.constants.ZSTD_d_windowLogMax]: 24 };

/**
 * What the records of a batch are compressed to, piece by piece: whoever reads no further has paid for no
 * more. A batch of some kilobytes may hold gigabytes.
 */
export function inflate(
  compression: number,
  bytes: Buffer,
  { blockBytesMax }: InflateLimits,
): Iterable<Buffer> | AsyncIterable<Buffer> {
  switch (compression) {
    case 1:
      // Members follow each other (RFC 1952, section 2.2).
      return zlib.createGunzip({ chunkSize }).end(bytes);
    case 2:
      return snappyBlocks(bytes, blockBytesMax);
    case 3:
      return lz4Blocks(bytes);
    case 4:
      return zstdFrames(bytes);
    default:
      throw new Error(`Unknown compression ${compression}`);
  }
}

/** Frames follow each other (RFC 8878, section 3.1). */
async function* zstdFrames(bytes: Buffer): AsyncGenerator<Buffer> {
  for (let [at, frames] = [0, 0]; at < bytes.length; frames += 1) {
    if (frames === framesMax) throw new Error(`More than ${framesMax} frames of zstd`);
    const frame = zlib.createZstdDecompress({ chunkSize, params }).end(bytes.subarray(at));
    yield* frame as AsyncIterable<Buffer>;
    if (frame.bytesWritten === 0) throw new Error(`Nothing can be read at byte ${at}`);
    at += frame.bytesWritten;
  }
}
