import zlib from 'node:zlib';
import { Refusal } from './refusal.ts';

export type Encoding = 'identity' | 'gzip' | 'deflate' | 'zstd';

/** The name of a content or message encoding; undefined when it is none of ours. */
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
  /** Compressed, in order; given up to the inflater, which lets go of them as it reads. */
  chunks: Uint8Array[];
  bytesMax: number;
  /** Growth allowed beyond the first MiB. */
  ratioMax: number;
  /** Asks for memory before more of it is kept. */
  grow: (bytes: number) => Refusal | undefined;
  shrink: (bytes: number) => void;
  /** The request is answered: stop. */
  cancelled: () => boolean;
}

/** Below it, a body is inflated at once: cheaper than a turn through the thread pool. */
const syncInputMax = 32 * 1024;
const syncOutputMax = 1024 * 1024;
/** As many as keep two cores busy; each may hold a window and its output. */
const concurrentMax = 2;

/**
 * zstd allocates the window that the frame asks for, up to 2 GiB. 16 MiB is above what encoders
 * use by default (RFC 8878 asks decoders for 8), and at most `concurrentMax` exist at once.
 */
const zstdParams = { [zlib.constants.ZSTD_d_windowLogMax]: 24 };

/**
 * Inflates within bounds: output bytes, growth, memory granted, and few at a time. A bomb costs at
 * most the allowed output, and that is never more than `ratioMax` times what was sent.
 */
export class Inflater {
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  async inflate(options: InflateOptions): Promise<Uint8Array | Refusal> {
    const { chunks, bytesMax, ratioMax } = options;
    const inputBytes = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
    const outputMax = Math.min(bytesMax, Math.max(syncOutputMax, inputBytes * ratioMax));
    if (inputBytes <= syncInputMax) {
      const body = inflateSync(options, Math.min(outputMax, syncOutputMax));
      if (body !== 'larger') return body;
      if (outputMax <= syncOutputMax) return tooLarge(outputMax, options);
    }
    await this.#enter();
    try {
      if (options.cancelled()) return new Refusal('gone', 'answered already');
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
  const { chunks, encoding } = options;
  const input = chunks.length === 1 ? (chunks[0] as Uint8Array) : Buffer.concat(chunks);
  const limits = { maxOutputLength: outputMax };
  let body: Uint8Array;
  try {
    if (encoding === 'gzip') body = zlib.gunzipSync(input, limits);
    else if (encoding === 'deflate') body = zlib.inflateSync(input, limits);
    else body = zlib.zstdDecompressSync(input, { ...limits, params: zstdParams });
  } catch (error) {
    if (codeOf(error) === 'ERR_BUFFER_TOO_LARGE') return 'larger';
    return corrupt(encoding, error);
  }
  const refused = options.grow(body.length);
  if (refused) return refused;
  options.shrink(input.length);
  return body;
}

function inflateStream(options: InflateOptions, outputMax: number): Promise<Uint8Array | Refusal> {
  const inflater = createInflater(options.encoding);
  const output: Uint8Array[] = [];
  let outputBytes = 0;
  return new Promise((resolve) => {
    const refuse = (refusal: Refusal): void => {
      resolve(refusal);
      inflater.destroy();
    };
    inflater.on('data', (chunk: Uint8Array) => {
      outputBytes += chunk.length;
      if (outputBytes > outputMax) return refuse(tooLarge(outputMax, options));
      const refused = options.grow(chunk.length);
      if (refused) return refuse(refused);
      if (options.cancelled()) return refuse(new Refusal('gone', 'answered already'));
      output.push(chunk);
    });
    inflater.on('error', (error) => refuse(corrupt(options.encoding, error)));
    inflater.on('end', () => resolve(Buffer.concat(output, outputBytes)));
    feed(inflater, options);
  });
}

/** One chunk at a time, released when read: input and output are not both held whole. */
function feed(inflater: zlib.Gunzip | zlib.ZstdDecompress, options: InflateOptions): void {
  const chunk = options.chunks.shift();
  if (!chunk) {
    inflater.end();
    return;
  }
  inflater.write(chunk, () => {
    options.shrink(chunk.length);
    if (!inflater.destroyed) feed(inflater, options);
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
  const reason = error instanceof Error ? error.message : String(error);
  return new Refusal('malformed', `the body is not valid ${encoding}: ${reason}`);
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
