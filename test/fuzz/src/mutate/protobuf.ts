import type { Random } from '../random.ts';
import type { Mutation } from './mutation.ts';

/** A message as a tree. What does not parse as fields is a leaf. */
interface Field {
  number: number;
  wire: number;
  /** Of a nested message. */
  fields?: Field[];
  /** As on the wire, without the length. */
  bytes: Uint8Array;
  /** Written instead of the true length. */
  lie?: number;
}

const depthMax = 12;

/**
 * Changes fields and keeps the framing around them right, so that what is deep inside is reached:
 * removed, repeated, moved, given another number, type, value, or a length that lies.
 */
export function mutateProtobuf(input: Uint8Array, mutation: Mutation): Uint8Array {
  const { random, bytesMax } = mutation;
  const root = parse(input, 0);
  if (root === undefined || root.length === 0) return input;
  for (let left = 1 + random.below(3); left > 0; left--) change(root, mutation);
  if (random.chance(0.01)) root.push(nested(random.pick([500, 2_000])));
  const bytes = encode(root);
  return bytes.length > bytesMax ? bytes.subarray(0, bytesMax) : bytes;
}

const values = [
  '00',
  '01',
  'ffffffff0f',
  'ffffffffffffffffff01',
  '8080808010',
  '80808080808080808001',
];
const texts = [
  '',
  'service.name',
  '\0',
  '\ud83d\ude00',
  '__proto__',
  'x'.repeat(300),
  '\u202e',
  '1',
];

/** A field, and where it is among its neighbours. */
interface Chosen {
  siblings: Field[];
  at: number;
  field: Field;
}

type Draw = Pick<Mutation, 'random' | 'other'>;

const numbers = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 16, 1000, 536_870_911];
const sizes = [0, 1, 7, 8, 9, 15, 16, 17, 32, 1024];

const changes: readonly ((chosen: Chosen, draw: Draw) => void)[] = [
  ({ siblings, at }) => {
    siblings.splice(at, 1);
  },
  ({ siblings, at, field }, { random }) => {
    const times = random.chance(0.1) ? 2 + random.below(60) : 1;
    siblings.splice(at, 0, ...Array.from({ length: times }, () => structuredClone(field)));
  },
  ({ siblings, at }, { random }) => {
    siblings.splice(random.below(siblings.length), 0, ...siblings.splice(at, 1));
  },
  ({ field }, { random }) => {
    field.number = random.pick(numbers);
  },
  ({ field }, { random }) => {
    field.wire = random.pick([0, 1, 2, 5, 5, 3, 4, 6, 7]);
  },
  ({ field }, { random }) => {
    const next = field.bytes.length + 1;
    field.lie = random.pick([0, 1, next, 127, 0x7fff_ffff, 0xffff_ffff, 2 ** 40]);
  },
  ({ siblings, at }, { random, other }) => {
    const spliced = parse(other(), 0);
    const taken = spliced && pickField(spliced, random);
    if (taken) siblings.splice(at, random.below(2), taken);
  },
  ({ field }, { random }) => replace(field, Buffer.from(random.pick(texts))),
  ({ field }, { random }) => replace(field, Buffer.alloc(random.pick(sizes), random.below(256))),
  ({ siblings, at, field }, { random }) => {
    siblings[at] = nestedInItself(field, random);
  },
  ({ siblings }, { random }) => {
    const number = random.pick([1, 2, 3, 15, 2047]);
    siblings.push({ number, wire: 0, bytes: Buffer.from(random.pick(values), 'hex') });
  },
  changeValue,
  changeValue,
];

function change(root: Field[], draw: Draw): void {
  const siblings = listIn(root, draw.random);
  const at = draw.random.below(siblings.length);
  const field = siblings[at];
  if (field !== undefined) draw.random.pick(changes)({ siblings, at, field }, draw);
}

function changeValue({ field }: Chosen, { random }: Draw): void {
  if (field.wire === 0) field.bytes = Buffer.from(random.pick(values), 'hex');
  else if (!field.fields && field.bytes.length > 0) {
    const copy = Buffer.from(field.bytes);
    copy[random.below(copy.length)] = random.below(256);
    field.bytes = copy;
  } else replace(field, new Uint8Array());
}

function nestedInItself(field: Field, random: Random): Field {
  const levels = random.chance(0.2) ? 200 : 1 + random.below(8);
  let inner = { ...field };
  for (let level = 0; level < levels; level++) {
    const number = random.pick([1, 2, 5, 6]);
    inner = { number, wire: 2, fields: [inner], bytes: new Uint8Array() };
  }
  return inner;
}

/** A value in a value, and so on: a list in a list has two fields to a level. Built from inside. */
function nested(levels: number): Field {
  let bytes: Uint8Array = Buffer.alloc(0);
  for (let level = 0; level < levels; level++) {
    bytes = encode([{ number: level % 2 === 0 ? 1 : 5, wire: 2, bytes }]);
  }
  // A log record's body, in a scope, in a resource.
  for (const number of [5, 2, 2]) bytes = encode([{ number, wire: 2, bytes }]);
  return { number: 1, wire: 2, bytes };
}

function replace(field: Field, bytes: Uint8Array): void {
  field.wire = 2;
  delete field.fields;
  field.bytes = bytes;
}

/** A random list of fields at a random depth. */
function listIn(root: Field[], random: Random): Field[] {
  let list = root;
  while (!random.chance(0.15)) {
    const nested = list.filter(({ fields }) => fields !== undefined && fields.length > 0);
    if (nested.length === 0) return list;
    list = random.pick(nested).fields as Field[];
  }
  return list;
}

function pickField(root: Field[], random: Random): Field | undefined {
  const list = listIn(root, random);
  return list.length > 0 ? random.pick(list) : undefined;
}

function parse(bytes: Uint8Array, depth: number): Field[] | undefined {
  if (depth > depthMax) return undefined;
  const fields: Field[] = [];
  let at = 0;
  while (at < bytes.length) {
    const tag = readVarint(bytes, at);
    if (tag === undefined || tag.value < 8) return undefined;
    at = tag.end;
    const number = Math.floor(tag.value / 8);
    const wire = tag.value % 8;
    let end: number;
    if (wire === 0) end = readVarint(bytes, at)?.end ?? Number.POSITIVE_INFINITY;
    else if (wire === 1) end = at + 8;
    else if (wire === 5) end = at + 4;
    else if (wire === 2) {
      const length = readVarint(bytes, at);
      if (length === undefined) return undefined;
      at = length.end;
      end = at + length.value;
    } else return undefined;
    if (end > bytes.length) return undefined;
    const content = bytes.subarray(at, end);
    const inner = wire === 2 && content.length > 1 ? parse(content, depth + 1) : undefined;
    fields.push({ number, wire, bytes: content, ...(inner && { fields: inner }) });
    at = end;
  }
  return fields;
}

function readVarint(bytes: Uint8Array, start: number): { value: number; end: number } | undefined {
  let value = 0;
  for (let at = start; at < bytes.length && at < start + 10; at++) {
    const byte = bytes[at] as number;
    value += (byte & 0x7f) * 2 ** (7 * (at - start));
    if (byte < 0x80) return { value, end: at + 1 };
  }
  return undefined;
}

function encode(fields: readonly Field[]): Buffer {
  const parts: Uint8Array[] = [];
  for (const { number, wire, fields: inner, bytes, lie } of fields) {
    parts.push(varint(number * 8 + wire));
    const content = inner ? encode(inner) : bytes;
    if (wire === 2) parts.push(varint(lie ?? content.length));
    parts.push(content);
  }
  return Buffer.concat(parts);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  bytes.push(rest);
  return Buffer.from(bytes);
}
