import zlib from 'node:zlib';
import { Refusal } from '../../../../apps/gateway/src/model/refusal.ts';
import { GrowingBytes } from '../../../../apps/gateway/src/receive/growing-bytes.ts';
import { Inflater } from '../../../../apps/gateway/src/slice/inflate.ts';
import { behindFirst } from '../mutate/behind-first.ts';
import { mutateBytes } from '../mutate/bytes.ts';
import type { Mutation } from '../mutate/mutation.ts';
import { type Compression, plainOf } from '../seeds/plain-of.ts';
import { protobufSeeds } from '../seeds/seeds.ts';
import { demand, type Target } from '../target.ts';

const encodings: readonly Compression[] = ['gzip', 'deflate', 'zstd'];
const bytesMax = 256 * 1024;
const ratioMax = 100;
/** Below it the ratio does not count. */
const freeBytes = 1024 * 1024;

/** First byte: the encoding. Second: how the body is cut into chunks. The rest: the body. */
export const inflate: Target = {
  name: 'inflate',
  seeds: encodings.flatMap((encoding, number) => seedsOf(encoding, number)),
  mutators: [behindFirst(mutateBytes, 2), compressAnew, join],
  dictionary: ['\x1f\x8b\x08', '\x28\xb5\x2f\xfd', '\x50\x2a\x4d\x18', '\x78\x9c'],
  bytesMax: 8 * 1024,
  async run(input) {
    const encoding = encodings[(input[0] ?? 0) % 3] as Compression;
    const body = Buffer.from(input.subarray(2));
    let granted = 0;
    let most = 0;
    const grow = (bytes: number): undefined => {
      granted += bytes;
      most = Math.max(most, granted);
    };
    const shrink = (bytes: number): void => {
      granted -= bytes;
    };
    const collected = new GrowingBytes({ bytesMax: body.length, grow, shrink });
    for (const chunk of cut(Buffer.from(body), (input[1] ?? 0) % 64)) collected.push(chunk);
    const result = await new Inflater().inflate({
      encoding,
      input: collected,
      bytesMax,
      ratioMax,
      grow,
      shrink,
      isCancelled: () => false,
    });
    const wanted = plainOf(encoding, body, bytesMax);
    const limit =
      2 * body.length + 4_096 + Math.min(bytesMax, Math.max(freeBytes, ratioMax * body.length));
    demand(most <= limit + 128 * 1024, 'no more memory is asked for than the limits allow');
    if (result instanceof Refusal) {
      const isOneStream = encoding !== 'deflate' || wanted === undefined || !isJoined(body);
      const hasTooManyFrames = result.message.includes('more than 64 frames');
      demand(
        wanted === undefined || !isOneStream || hasTooManyFrames,
        `a good ${encoding} body is taken: ${result.message}`,
      );
      return `refused: ${result.code}`;
    }
    if (body.length === 0) return 'taken, empty';
    demand(wanted !== undefined, `a ${encoding} body whose last byte is not understood is refused`);
    demand(wanted.equals(result), `every part of a ${encoding} body is read`);
    return 'taken';
  },
};

/** RFC 1950 knows no second stream: it may be refused. */
function isJoined(body: Buffer): boolean {
  const result = zlib.inflateSync(body, { info: true } as object) as unknown;
  return (result as { engine: { bytesWritten: number } }).engine.bytesWritten < body.length;
}

function cut(body: Buffer, size: number): Uint8Array[] {
  if (size === 0) return [body];
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < body.length; at += size) chunks.push(body.subarray(at, at + size));
  return chunks.length > 0 ? chunks : [body];
}

function compress(encoding: Compression, plain: Uint8Array): Buffer {
  if (encoding === 'gzip') return zlib.gzipSync(plain);
  return encoding === 'deflate' ? zlib.deflateSync(plain) : zlib.zstdCompressSync(plain);
}

function seedsOf(encoding: Compression, number: number): Buffer[] {
  const small = protobufSeeds.traces[0] as Uint8Array;
  const bodies = [
    small,
    protobufSeeds.metrics[1] as Uint8Array,
    new Uint8Array(),
    Buffer.alloc(20_000),
  ];
  const packed = bodies.map((plain) => compress(encoding, plain));
  return packed.map((body) => Buffer.concat([Buffer.from([number, 0]), body]));
}

/** Another plain text in the same wrapping. */
function compressAnew(input: Uint8Array, mutation: Mutation): Uint8Array {
  const encoding = encodings[(input[0] ?? 0) % 3] as Compression;
  const plain = plainOf(encoding, Buffer.from(input.subarray(2)), bytesMax);
  const changed = mutateBytes(plain ?? input, { ...mutation, bytesMax: 64 * 1024 });
  return Buffer.concat([input.subarray(0, 2), compress(encoding, changed)]).subarray(
    0,
    mutation.bytesMax,
  );
}

/** Two bodies one after the other, or an empty one in front. */
function join(input: Uint8Array, { random, other, bytesMax: most }: Mutation): Uint8Array {
  const encoding = encodings[(input[0] ?? 0) % 3] as Compression;
  const choice = random.below(4);
  const more =
    choice === 0 ? other().subarray(2) : compress(encoding, new Uint8Array(random.below(40)));
  const body = input.subarray(2);
  const skippable = Buffer.from('502a4d1804000000aabbccdd', 'hex');
  const joined = choice === 1 ? [more, body] : choice === 2 ? [body, skippable] : [body, more];
  return Buffer.concat([input.subarray(0, 2), ...joined]).subarray(0, most);
}
