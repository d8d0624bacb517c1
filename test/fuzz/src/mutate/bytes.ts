import type { Mutation } from './mutation.ts';

/** One to four blind changes: of bits, numbers, lengths and stretches. */
export function mutateBytes(input: Uint8Array, mutation: Mutation): Uint8Array {
  const { random, bytesMax } = mutation;
  let bytes: Buffer = Buffer.from(input);
  for (let left = 1 + random.below(4); left > 0; left--) {
    bytes = change(bytes, mutation);
    if (bytes.length > bytesMax) bytes = bytes.subarray(0, bytesMax);
  }
  return bytes;
}

const edges = [0, 1, -1, 2, 16, 63, 64, 127, 128, 255, 256, 32_767, 32_768, 65_535, 65_536].concat([
  262_144, 262_145, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff,
]);
const varints = ['00', '7f', '8001', 'ffff03', 'ffffffff0f', 'ffffffffffffffff7f'].concat([
  'ffffffffffffffffff01',
  'ffffffffffffffffffff01',
  '80808080808080808000',
  '80',
]);

/** The input, and a place in it, with what is before and behind. */
interface Cut {
  bytes: Buffer;
  at: number;
  head: Buffer;
  tail: Buffer;
}

const changes: readonly ((cut: Cut, mutation: Mutation) => Buffer)[] = [
  ({ bytes, at }, { random }) => flip(bytes, at, 1 << random.below(8)),
  ({ bytes, at }, { random }) => flip(bytes, at, random.below(256)),
  ({ head }) => head,
  ({ head, tail }, { random }) =>
    Buffer.concat([head, tail.subarray(1 + random.below(1 + random.below(tail.length)))]),
  ({ head, tail }, { random }) => {
    const stretch = tail.subarray(0, 1 + random.below(64));
    const times = random.chance(0.1) ? random.below(200) : 1 + random.below(3);
    return Buffer.concat([head, ...Array(times).fill(stretch), tail]);
  },
  ({ head }, { random, other }) => {
    const spliced = other();
    return Buffer.concat([head, spliced.subarray(random.below(spliced.length + 1))]);
  },
  ({ head, tail }, { random, other }) => {
    const spliced = other();
    const from = random.below(spliced.length + 1);
    return Buffer.concat([head, spliced.subarray(from, from + random.below(64)), tail]);
  },
  ({ bytes, at }, { random }) => writeNumber(bytes, at, random.pick(edges), random.below(6)),
  ({ head, tail }, { random }) => {
    const varint = Buffer.from(random.pick(varints), 'hex');
    return Buffer.concat([head, varint, tail.subarray(random.below(3))]);
  },
  ({ head, tail }, { random }) => {
    const fill = Buffer.alloc(1 + random.below(12), random.pick([0, 0xff, 0x80, 0x41]));
    return Buffer.concat([head, fill, tail]);
  },
  ({ head, tail }, { random, other, dictionary }) => {
    const word = dictionary.length > 0 ? random.pick(dictionary) : other().subarray(0, 8);
    return Buffer.concat([head, word, tail.subarray(random.chance(0.5) ? word.length : 0)]);
  },
  ({ bytes, head, tail }, { random }) => {
    const from = random.below(bytes.length + 1);
    return Buffer.concat([head, bytes.subarray(from, from + 1 + random.below(32)), tail]);
  },
  ({ bytes }, { random }) => {
    const copy = Buffer.from(bytes);
    if (copy.length > 0) {
      const place = random.below(copy.length);
      copy[place] = (copy[place] as number) + random.pick([1, -1, 2, -2, 7, -7]);
    }
    return copy;
  },
];

function change(bytes: Buffer, mutation: Mutation): Buffer {
  const { random } = mutation;
  const at = random.below(bytes.length + 1);
  const cut = { bytes, at, head: bytes.subarray(0, at), tail: bytes.subarray(at) };
  return random.pick(changes)(cut, mutation);
}

function flip(bytes: Buffer, at: number, mask: number): Buffer {
  const copy = Buffer.from(bytes);
  if (at < copy.length) copy[at] = (copy[at] as number) ^ mask;
  return copy;
}

/** In one, two or four bytes, of either order. */
function writeNumber(bytes: Buffer, at: number, value: number, form: number): Buffer {
  const copy = Buffer.from(bytes);
  const size = [1, 2, 4][form % 3] as number;
  if (at + size > copy.length) return copy;
  const bits = size === 4 ? value >>> 0 : (value & (size === 2 ? 0xffff : 0xff)) >>> 0;
  if (form < 3) copy.writeUIntLE(bits, at, size);
  else copy.writeUIntBE(bits, at, size);
  return copy;
}
