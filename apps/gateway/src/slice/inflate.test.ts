import { deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { Refusal } from '../model/refusal.ts';
import { GrowingBytes } from '../receive/growing-bytes.ts';
import { contentBytesOf, Inflater } from './inflate.ts';

type Encoding = 'gzip' | 'deflate' | 'zstd';

const compressors = { gzip: gzipSync, deflate: deflateSync, zstd: zstdCompressSync };
const noise = Buffer.from(Array.from({ length: 100_000 }, (_, i) => (i * 2_654_435_761) >>> 13));
/** Below what is inflated at once, and above. */
const sizes = { small: noise.subarray(0, 5000), large: noise };

async function inflate(encoding: Encoding, body: Uint8Array) {
  const memory = { bytes: 0 };
  const bounds = {
    bytesMax: 50_000_000,
    grow: (bytes: number) => {
      memory.bytes += bytes;
      return undefined;
    },
    shrink: (bytes: number) => {
      memory.bytes -= bytes;
    },
  };
  const input = new GrowingBytes(bounds);
  input.push(body);
  const options = { encoding, input, ratioMax: 1000, isCancelled: () => false, ...bounds };
  const result = await new Inflater().inflate(options);
  return { result, held: memory.bytes };
}

describe.each(Object.entries(sizes))('a %s body', (_, plain) => {
  const half = plain.length >> 1;
  const [first, second] = [plain.subarray(0, half), plain.subarray(half)];

  it.each<Encoding>(['gzip', 'zstd'])('of several frames of %s is read whole', async (encoding) => {
    const compress = compressors[encoding];
    const bodies = {
      one: compress(plain),
      two: Buffer.concat([compress(first), compress(second)]),
      'an empty one first': Buffer.concat([compress(''), compress(plain)]),
      'an empty one last': Buffer.concat([compress(plain), compress('')]),
    };
    for (const [name, body] of Object.entries(bodies)) {
      const { result, held } = await inflate(encoding, body);
      expect(result, name).not.toBeInstanceOf(Refusal);
      expect(Buffer.from(result as Uint8Array).equals(plain), name).toBe(true);
      expect(held, name).toBeGreaterThanOrEqual(plain.length);
    }
  });

  it('of zstd may have frames to skip', async () => {
    const skipped = Buffer.from('502a4d1804000000deadbeef', 'hex');
    const body = Buffer.concat([skipped, zstdCompressSync(plain), skipped]);
    const { result } = await inflate('zstd', body);
    expect(Buffer.from(result as Uint8Array).equals(plain)).toBe(true);
  });

  it.each<Encoding>(['gzip', 'deflate', 'zstd'])(
    'of %s with anything behind its end is 400',
    async (encoding) => {
      const whole = compressors[encoding](plain);
      for (const more of [
        Buffer.from('garbage'),
        Buffer.alloc(1),
        Buffer.alloc(40_000),
        Buffer.alloc(40_000, 7),
      ]) {
        const { result } = await inflate(encoding, Buffer.concat([whole, more]));
        expect(result).toBeInstanceOf(Refusal);
        expect((result as Refusal).http).toBe(400);
      }
      if (encoding !== 'deflate') return;
      const { result } = await inflate(encoding, Buffer.concat([whole, whole]));
      expect((result as Refusal).message).toContain(`its stream ends at byte ${whole.length}`);
    },
  );

  it.each<Encoding>(['gzip', 'deflate', 'zstd'])(
    'of %s that is cut is 400 wherever it is cut',
    async (encoding) => {
      const whole = compressors[encoding](plain);
      for (const length of [1, 5, whole.length >> 1, whole.length - 1]) {
        const { result } = await inflate(encoding, whole.subarray(0, length));
        expect((result as Refusal).http).toBe(400);
      }
    },
  );
});

describe('frames', () => {
  it('are not read without end', async () => {
    const frame = zstdCompressSync('');
    const { result } = await inflate('zstd', Buffer.concat(Array(10_000).fill(frame)));
    expect((result as Refusal).message).toContain('more than 64 frames');
  });
});

describe('contentBytesOf', () => {
  it.each([0, 1, 200, 255, 256, 300, 65_791, 65_792, 100_000])(
    'reads what encoders say of %i bytes',
    (length) => {
      const plain = noise.subarray(0, length);
      const said = contentBytesOf('zstd', zstdCompressSync(plain));
      if (said !== undefined) expect(said).toBe(length);
      if (length >= 256) expect(said).toBe(length);
      expect(contentBytesOf('gzip', gzipSync(plain)) ?? length).toBe(length);
      expect(contentBytesOf('deflate', deflateSync(plain))).toBeUndefined();
    },
  );
});
