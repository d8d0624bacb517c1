import zlib from 'node:zlib';
import { messageOf } from '@spillway/resilience';
import { Refusal } from '../model/refusal.ts';
import { GrowingBytes } from '../receive/growing-bytes.ts';

export type Encoding = 'identity' | 'gzip' | 'deflate' | 'zstd';

/** Finds the encoding that a header names; undefined when it is not known. */
export function encodingOf(name: string | undefined): Encoding | undefined {
  switch (name?.trim().toLowerCase()) {
    case undefined:
    case '':
    case 'none':
    case 'identity':
      return 'identity';
    case 'gzip':
    case 'x-gzip':
      return 'gzip';
    case 'deflate':
      return 'deflate';
    case 'zstd':
      return 'zstd';
    default:
      return undefined;
  }
}

export interface InflateOptions {
  encoding: Exclude<Encoding, 'identity'>;
  /** Compressed; given up to the inflater, which returns its memory. */
  input: GrowingBytes;
  bytesMax: number;
  /** Growth allowed beyond the first MiB. */
  ratioMax: number;
  /** Asks for memory before more of it is kept. */
  grow: (bytes: number) => Refusal | undefined;
  shrink: (bytes: number) => void;
  /** The request is answered: stop. */
  isCancelled: () => boolean;
}

/** Below it, a body is inflated at once: cheaper than a turn through the thread pool. */
const syncInputMax = 32 * 1024;
const syncOutputMax = 1024 * 1024;
/**
 * Most bodies inflated at once: as many as keep two cores busy; each may hold a window and its
 * output.
 */
const concurrentMax = 2;
/** Each frame is decompressed by an engine of its own; who writes several, writes few. */
const framesMax = 64;

/**
 * zstd allocates the window that the frame asks for, up to 2 GiB. 16 MiB is above what encoders
 * use by default (RFC 8878 asks decoders for 8), and at most `concurrentMax` exist at once.
 */
const zstdParams = { [zlib.constants.ZSTD_d_windowLogMax]: 24 };

/**
 * Inflates within bounds: output bytes, growth, memory granted, and few at a time. A bomb costs at
 * most the allowed output, and that is never more than `ratioMax` times what was sent. The input is
 * read to its last byte: members of gzip and frames of zstd follow each other (RFC 1952, section
 * 2.2; RFC 8878, section 3.1), and anything else behind the end is malformed, never left out.
 */
export class Inflater {
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  async inflate(options: InflateOptions): Promise<Uint8Array | Refusal> {
    const { input, bytesMax, ratioMax } = options;
    const inputBytes = input.length;
    const outputMax = Math.min(bytesMax, Math.max(syncOutputMax, inputBytes * ratioMax));
    if (inputBytes <= syncInputMax) {
      const body = inflateSync(options, Math.min(outputMax, syncOutputMax));
      if (body !== 'larger') return body;
      if (outputMax <= syncOutputMax) return tooLarge(outputMax, options);
    }
    await this.#enter();
    try {
      if (options.isCancelled()) return new Refusal('gone', 'answered already');
      return await inflateStream(options, outputMax);
    } finally {
      this.#leave();
    }
  }

  /** Those who wait hold only what the bulkheads granted them. */
  #enter(): Promise<void> | undefined {
    if (this.#running < concurrentMax) {
      this.#running += 1;
      return undefined;
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #leave(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#running -= 1;
  }
}

function inflateSync(options: InflateOptions, outputMax: number): Uint8Array | Refusal | 'larger' {
  const { input, encoding, grow, shrink } = options;
  const bytes = input.bytes();
  const found: Buffer[] = [];
  let left = outputMax;
  for (let at = 0; at < bytes.length; ) {
    const refused = checkFrame(encoding, found.length, at);
    if (refused) return refused;
    try {
      const { buffer, engine } = inflateFrame(encoding, bytes.subarray(at), left);
      found.push(buffer);
      left -= buffer.length;
      if (engine.bytesWritten === 0) return corrupt(encoding, `nothing can be read at byte ${at}`);
      at += engine.bytesWritten;
    } catch (error) {
      if (codeOf(error) === 'ERR_BUFFER_TOO_LARGE') return 'larger';
      return corrupt(encoding, error);
    }
  }
  const body = found.length === 1 ? (found[0] as Buffer) : Buffer.concat(found);
  const refused = grow(body.length);
  if (refused) return refused;
  shrink(input.heldBytes);
  return body;
}

/** With `info`, which the types do not know, the engine says how much of the input it has read. */
function inflateFrame(encoding: InflateOptions['encoding'], input: Uint8Array, outputMax: number) {
  const options = { maxOutputLength: Math.max(1, outputMax), info: true };
  const inflated: unknown =
    encoding === 'gzip'
      ? zlib.gunzipSync(input, options)
      : encoding === 'deflate'
        ? zlib.inflateSync(input, options)
        : zlib.zstdDecompressSync(input, { ...options, params: zstdParams });
  return inflated as { buffer: Buffer; engine: { bytesWritten: number } };
}

async function inflateStream(
  options: InflateOptions,
  outputMax: number,
): Promise<Uint8Array | Refusal> {
  const { input, encoding, grow, shrink } = options;
  const bytes = input.bytes();
  const expected = contentBytesOf(encoding, bytes);
  const output = new GrowingBytes({ expected, bytesMax: outputMax, grow, shrink });
  for (let at = 0, frames = 0; at < bytes.length; frames += 1) {
    const refused = checkFrame(encoding, frames, at);
    if (refused) return refused;
    const read = await readFrame(bytes.subarray(at), { ...options, output, outputMax });
    if (read instanceof Refusal) return read;
    if (read === 0) return corrupt(encoding, `nothing can be read at byte ${at}`);
    at += read;
  }
  shrink(input.heldBytes);
  return output.bytes();
}

/**
 * What the encoder says of the size of the first frame or of the last member, which is mostly the
 * only one; believed only so far as `GrowingBytes` does. RFC 1952, section 2.3.1; RFC 8878, section
 * 3.1.1.1.
 */
export function contentBytesOf(
  encoding: InflateOptions['encoding'],
  input: Uint8Array,
): number | undefined {
  const bytes = Buffer.from(input.buffer, input.byteOffset, input.length);
  if (encoding === 'gzip')
    return bytes.length < 18 ? undefined : bytes.readUInt32LE(bytes.length - 4);
  if (encoding === 'deflate' || bytes.length < 18) return undefined;
  const descriptor = bytes.readUInt8(4);
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3] as number;
  const at = 5 + (isSingleSegment ? 0 : 1) + dictionaryBytes;
  switch (descriptor >> 6) {
    case 0:
      return isSingleSegment ? bytes.readUInt8(at) : undefined;
    case 1:
      return bytes.readUInt16LE(at) + 256;
    case 2:
      return bytes.readUInt32LE(at);
    default:
      return Number(bytes.readBigUInt64LE(at));
  }
}

/** Whether one more may follow those that end at byte `at`. */
function checkFrame(
  encoding: InflateOptions['encoding'],
  frames: number,
  at: number,
): Refusal | undefined {
  if (frames === 0) return undefined;
  if (encoding === 'deflate')
    return corrupt(encoding, `its stream ends at byte ${at}, the body later`);
  if (frames < framesMax) return undefined;
  return new Refusal('too-large', `the body has more than ${framesMax} frames of ${encoding}`);
}

/** Resolves with the bytes that its frame, or its gzip members, take of the input. */
function readFrame(
  input: Uint8Array,
  options: InflateOptions & { output: GrowingBytes; outputMax: number },
): Promise<number | Refusal> {
  const { encoding, output, outputMax, isCancelled } = options;
  const inflater = createInflater(encoding);
  return new Promise((resolve) => {
    const end = (result: number | Refusal): void => {
      resolve(result);
      inflater.destroy();
    };
    inflater.on('data', (chunk: Uint8Array) => {
      if (output.length + chunk.length > outputMax) return end(tooLarge(outputMax, options));
      const refused = output.push(chunk);
      if (refused) return end(refused);
      if (isCancelled()) end(new Refusal('gone', 'answered already'));
    });
    inflater.on('error', (error) => end(corrupt(encoding, error)));
    inflater.on('end', () => end(inflater.bytesWritten));
    inflater.end(input);
  });
}

function createInflater(encoding: InflateOptions['encoding']) {
  const chunkSize = 128 * 1024;
  if (encoding === 'gzip') return zlib.createGunzip({ chunkSize });
  if (encoding === 'deflate') return zlib.createInflate({ chunkSize });
  return zlib.createZstdDecompress({ chunkSize, params: zstdParams });
}

function tooLarge(outputMax: number, { bytesMax, ratioMax }: InflateOptions): Refusal {
  const limit =
    outputMax === bytesMax
      ? `${bytesMax} bytes after decompression`
      : `${ratioMax} times its compressed size (gateway.inflateRatioMax)`;
  return new Refusal('too-large', `the body is larger than ${limit}`);
}

function corrupt(encoding: string, error: unknown): Refusal {
  const reason = messageOf(error);
  return new Refusal('malformed', `the body is not valid ${encoding}: ${reason}`);
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
