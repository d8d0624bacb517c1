/**
 * Encodes a message in ways that protobuf allows and encoders seldom choose: fields in any order,
 * unknown fields of every wire type in every message, repeated numbers packed, unpacked or in
 * parts, scalars given twice (the last counts), lengths and varints with needless bytes.
 */
import protobuf from 'protobufjs';
import type { Plain } from './arbitrary.ts';

type Random = () => number;

export function looseEncode(type: protobuf.Type, message: Plain, seed: number): Uint8Array {
  return encode(type, message, randomOf(seed));
}

function encode(type: protobuf.Type, message: Plain, random: Random): Uint8Array {
  const parts: { at: number; bytes: Uint8Array }[] = [];
  for (const [name, value] of Object.entries(message)) {
    const field = (type.fields[name] as protobuf.Field).resolve();
    const values = Array.isArray(value) ? value : [value];
    const encoded = field.repeated && isNumber(field) ? numbers(field, values, random) : [];
    if (encoded.length === 0) {
      for (const one of values) encoded.push(single(field, one, random));
      const scalar = !field.repeated && field.resolvedType === null && !field.partOf;
      if (scalar && random() < 0.1) encoded.unshift(single(field, values[0], random));
    }
    // Their places grow, so that elements of one field keep their order.
    let at = random();
    for (const bytes of encoded) {
      parts.push({ at, bytes });
      at += (1 - at) * random() * 0.5;
    }
  }
  while (random() < 0.3) parts.push({ at: random(), bytes: unknownField(random) });
  parts.sort((a, b) => a.at - b.at);
  return Buffer.concat(parts.map(({ bytes }) => bytes));
}

function single(field: protobuf.Field, value: unknown, random: Random): Uint8Array {
  const { resolvedType } = field;
  if (resolvedType instanceof protobuf.Type) {
    return delimited(field.id, encode(resolvedType, value as Plain, random), random);
  }
  if (field.type === 'string' || field.type === 'bytes') {
    return delimited(field.id, Buffer.from(value as string), random);
  }
  return Buffer.concat([tag(field.id, wireOf(field)), scalar(field, value)]);
}

/** Elements one by one, in one packed field, or in two. */
function numbers(field: protobuf.Field, values: unknown[], random: Random): Uint8Array[] {
  if (random() < 0.4) return values.map((value) => single(field, value, random));
  const cut = Math.floor(random() * (values.length + 1));
  return [values.slice(0, cut), values.slice(cut)].map((part) => {
    return delimited(field.id, Buffer.concat(part.map((value) => scalar(field, value))), random);
  });
}

function scalar(field: protobuf.Field, value: unknown): Uint8Array {
  const writer = protobuf.Writer.create();
  const kind = field.resolvedType === null ? field.type : 'int32';
  (writer as unknown as Record<string, (value: unknown) => void>)[kind]?.(value);
  return writer.finish();
}

function delimited(id: number, bytes: Uint8Array, random: Random): Uint8Array {
  const length = protobuf.Writer.create().uint32(bytes.length).finish();
  const padded = random() < 0.1 ? pad(length) : length;
  return Buffer.concat([tag(id, 2), padded, bytes]);
}

/** The same number in one byte more. */
function pad(varint: Uint8Array): Uint8Array {
  const padded = Buffer.concat([varint, Buffer.of(0)]);
  padded[varint.length - 1] = (varint[varint.length - 1] as number) | 0x80;
  return padded;
}

function unknownField(random: Random): Uint8Array {
  const id = 500 + Math.floor(random() * 5000);
  const writer = protobuf.Writer.create();
  const kind = Math.floor(random() * 4);
  if (kind === 0) writer.uint32(id * 8).uint64(Math.floor(random() * 2 ** 52));
  else if (kind === 1) writer.uint32(id * 8 + 1).double(random());
  else if (kind === 2) writer.uint32(id * 8 + 2).string('x'.repeat(Math.floor(random() * 200)));
  else writer.uint32(id * 8 + 5).fixed32(7);
  return writer.finish();
}

function tag(id: number, wire: number): Uint8Array {
  return protobuf.Writer.create()
    .uint32(id * 8 + wire)
    .finish();
}

function isNumber(field: protobuf.Field): boolean {
  return wireOf(field) !== 2;
}

function wireOf(field: protobuf.Field): number {
  if (field.resolvedType instanceof protobuf.Type) return 2;
  if (field.resolvedType !== null) return 0;
  return protobuf.types.basic[field.type as keyof typeof protobuf.types.basic] as number;
}

/** mulberry32: the seed comes from fast-check, so that a failure can be run again. */
export function randomOf(seed: number): Random {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}
