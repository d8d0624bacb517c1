import { mutateBytes } from './bytes.ts';
import type { Mutation } from './mutation.ts';

/** A frame as on the wire; the length can lie. Source: RFC 9113, section 4.1. */
export interface Frame {
  length: number;
  type: number;
  flags: number;
  stream: number;
  payload: Uint8Array;
}

const types = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 16, 255];
const numbers = [0, 1, 2, 3, 5, 7, 99, 0x7fff_ffff, 0x8000_0001, 0xffff_ffff];

/** Changes frames and their order; what is in them mostly keeps its form. */
export function mutateFrames(input: Uint8Array, mutation: Mutation): Uint8Array {
  const { random, other, bytesMax } = mutation;
  const frames = readFrames(input);
  for (let changes = 1 + random.below(4); changes > 0; changes--) change(frames, mutation);
  if (random.chance(0.1)) frames.push(...readFrames(other()));
  const bytes = writeFrames(frames);
  return bytes.length > bytesMax ? bytes.subarray(0, bytesMax) : bytes;
}

function change(frames: Frame[], mutation: Mutation): void {
  const { random, other } = mutation;
  const at = random.below(frames.length);
  const frame = frames[at];
  if (frame === undefined || random.chance(0.25)) {
    frames.splice(at, 0, made(mutation));
    return;
  }
  switch (random.below(10)) {
    case 0:
      frames.splice(at, 1);
      return;
    case 1: {
      const times = random.chance(0.1) ? 40 : 1;
      frames.splice(at, 0, ...Array.from({ length: times }, () => ({ ...frame })));
      return;
    }
    case 2:
      frames.splice(random.below(frames.length), 0, ...frames.splice(at, 1));
      return;
    case 3:
      frame.type = random.pick(types);
      return;
    case 4:
      frame.flags = random.pick([0, 1, 4, 5, 8, 9, 0x20, 0x25, 0x2d, 0xff]);
      return;
    case 5:
      frame.stream = random.pick(numbers);
      return;
    case 6:
      frame.length = random.pick([0, 1, frame.payload.length + 1, 16_384, 16_385, 0xff_ffff]);
      return;
    case 7: {
      const spliced = readFrames(other());
      if (spliced.length > 0) frames.splice(at, 0, random.pick(spliced));
      return;
    }
    default:
      frame.payload = mutateBytes(frame.payload, { ...mutation, bytesMax: 4_000 });
      frame.length = frame.payload.length;
  }
}

/** A frame of the kinds that control a connection, with odd numbers. */
function made({ random }: Mutation): Frame {
  const stream = random.pick([0, 0, 1, 3, 5, 7, 2]);
  const word = Buffer.alloc(4);
  word.writeUInt32BE(random.pick(numbers));
  const setting = Buffer.alloc(6);
  setting.writeUInt16BE(random.pick([1, 2, 3, 4, 5, 6, 8, 99]));
  setting.writeUInt32BE(random.pick(numbers), 2);
  const kinds: Omit<Frame, 'length'>[] = [
    { type: 3, flags: 0, stream, payload: word },
    { type: 8, flags: 0, stream, payload: word },
    { type: 6, flags: random.below(2), stream: 0, payload: Buffer.alloc(8, random.below(256)) },
    {
      type: 4,
      flags: random.chance(0.2) ? 1 : 0,
      stream: 0,
      payload: random.chance(0.2) ? Buffer.alloc(0) : setting,
    },
    { type: 7, flags: 0, stream: 0, payload: Buffer.concat([word, word]) },
    { type: 9, flags: random.pick([0, 4]), stream, payload: Buffer.alloc(random.below(40), 0x40) },
    { type: 2, flags: 0, stream, payload: Buffer.concat([word, Buffer.from([random.below(256)])]) },
    {
      type: 0,
      flags: random.pick([0, 1, 8, 9]),
      stream,
      payload: Buffer.alloc(random.below(60), random.below(4)),
    },
    { type: 5, flags: 4, stream, payload: word },
  ];
  const frame = random.pick(kinds);
  return { ...frame, length: frame.payload.length };
}

export function readFrames(input: Uint8Array): Frame[] {
  const bytes = Buffer.from(input);
  const frames: Frame[] = [];
  for (let at = 0; at + 9 <= bytes.length; ) {
    const length = bytes.readUIntBE(at, 3);
    const payload = bytes.subarray(at + 9, at + 9 + length);
    const [type, flags] = [bytes[at + 3] as number, bytes[at + 4] as number];
    frames.push({ length, type, flags, stream: bytes.readUInt32BE(at + 5), payload });
    at += 9 + length;
  }
  return frames;
}

export function writeFrames(frames: readonly Frame[]): Buffer {
  return Buffer.concat(
    frames.flatMap(({ length, type, flags, stream, payload }) => {
      const head = Buffer.alloc(9);
      head.writeUIntBE(length, 0, 3);
      head[3] = type;
      head[4] = flags;
      head.writeUInt32BE(stream >>> 0, 5);
      return [head, payload];
    }),
  );
}
