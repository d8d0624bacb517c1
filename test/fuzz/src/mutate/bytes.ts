import type { Mutation } from './mutation.ts';

/** One to four blind changes: of bits, numbers, lengths and stretches. */
export function mutateBytes(input: Uint8Array, mutation: Mutation): Uint8Array {
  const { random, bytesMax } = mutation;
  let bytes: Buffer = Buffer.from(input);
  for (let changes = 1 + random.below(4); changes > 0; changes--) {
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

function change(bytes: Buffer, { random, other, dictionary }: Mutation): Buffer {
  const at = random.below(bytes.length + 1);
  const [head, tail] = [bytes.subarray(0, at), bytes.subarray(at)];
  switch (random.below(13)) {
    case 0:
      return flip(bytes, at, 1 << random.below(8));
    case 1:
      return flip(bytes, at, random.below(256));
    case 2:
      return head;
    case 3:
      return Buffer.concat([head, tail.subarray(1 + random.below(1 + random.below(tail.length)))]);
    case 4: {
      const stretch = tail.subarray(0, 1 + random.below(64));
      const times = random.chance(0.1) ? random.below(200) : 1 + random.below(3);
      return Buffer.concat([head, ...Array(times).fill(stretch), tail]);
    }
    case 5: {
      const spliced = other();
      return Buffer.concat([head, spliced.subarray(random.below(spliced.length + 1))]);
    }
    case 6: {
      const spliced = other();
      const from = random.below(spliced.length + 1);
      return Buffer.concat([head, spliced.subarray(from, from + random.below(64)), tail]);
    }
    case 7:
      return writeNumber(bytes, at, random.pick(edges), random.below(6));
    case 8:
      return Buffer.concat([
        head,
        Buffer.from(random.pick(varints), 'hex'),
        tail.subarray(random.below(3)),
      ]);
    case 9: {
      const fill = Buffer.alloc(1 + random.below(12), random.pick([0, 0xff, 0x80, 0x41]));
      return Buffer.concat([head, fill, tail]);
    }
    case 10: {
      const word = dictionary.length > 0 ? random.pick(dictionary) : other().subarray(0, 8);
      return Buffer.concat([head, word, tail.subarray(random.chance(0.5) ? word.length : 0)]);
    }
    case 11: {
      const from = random.below(bytes.length + 1);
      const moved = bytes.subarray(from, from + 1 + random.below(32));
      return Buffer.concat([head, moved, tail]);
    }
    default: {
      const copy = Buffer.from(bytes);
      if (copy.length > 0) {
        const place = random.below(copy.length);
        copy[place] = (copy[place] as number) + random.pick([1, -1, 2, -2, 7, -7]);
      }
      return copy;
    }
  }
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
