/** JSON values as protobuf scalars. Source: ProtoJSON, and OTLP's "JSON Protobuf Encoding". */

import type { Kind } from '../schema.ts';
import type { Writer } from '../writer.ts';
import { clip, isNumber, type JsonLexer } from './json-lexer.ts';

type Integer = Exclude<Kind, 'string' | 'bytes' | 'id' | 'bool' | 'double' | 'message'>;

const ranges: Readonly<Record<Integer, readonly [bigint, bigint]>> = {
  enum: [-(2n ** 31n), 2n ** 31n - 1n],
  int32: [-(2n ** 31n), 2n ** 31n - 1n],
  sint32: [-(2n ** 31n), 2n ** 31n - 1n],
  uint32: [0n, 2n ** 32n - 1n],
  fixed32: [0n, 2n ** 32n - 1n],
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
  sfixed64: [-(2n ** 63n), 2n ** 63n - 1n],
  uint64: [0n, 2n ** 64n - 1n],
  fixed64: [0n, 2n ** 64n - 1n],
};

/** Up to here a plain number needs no further look. */
const smallMax = Object.fromEntries(
  Object.entries(ranges).map(([kind, [, max]]) => [kind, Math.min(Number(max), 2 ** 53)]),
) as Readonly<Record<Integer, number>>;

/** Longer texts of integers are refused before anything is computed from them. */
const integerTextMax = 100;
const exponentMax = 30;
/** Every 64-bit integer that is written plainly. */
const plainForm = /^-?(?:0|[1-9]\d{0,19})$/;
const base64Form = /^[A-Za-z0-9+/_-]*={0,2}$/;
const doubleWords: ReadonlyMap<string, number> = new Map([
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
]);

/** Reads an integer of any form, exactly: `9007199254740993`, `"9007199254740993"`, `1e3`. */
export function readInteger(lexer: JsonLexer, kind: Integer): number | bigint {
  // OTLP/JSON: enums are integers, never names, so a string is not one either.
  if (kind === 'enum' && lexer.peek() === 0x22) lexer.failUnexpected('an integer');
  const small = lexer.smallNatural(smallMax[kind]);
  if (small !== undefined) return small;
  const text = lexer.number('an integer');
  const value = exactInteger(text);
  const [min, max] = ranges[kind];
  if (value === undefined || value < min || value > max) {
    return lexer.fail(`${clip(text)} is not an integer of ${min} to ${max}`, lexer.pos);
  }
  return value;
}

export function readDouble(lexer: JsonLexer): number {
  const text = lexer.number('a number');
  const value = isNumber(text) ? Number(text) : doubleWords.get(text);
  if (value === undefined) return lexer.fail(`${clip(text)} is not a number`, lexer.pos);
  if (!Number.isFinite(value) && isNumber(text)) {
    return lexer.fail(`${clip(text)} is out of the range of a double`, lexer.pos);
  }
  return value;
}

export function readBool(lexer: JsonLexer): boolean {
  if (lexer.literal('true')) return true;
  if (lexer.literal('false')) return false;
  return lexer.failUnexpected('true or false');
}

/** Text of base64, padded or not, of either alphabet. */
export function readBase64(lexer: JsonLexer): string {
  lexer.string('a string');
  const text = lexer.text();
  if (base64Form.test(text) && text.replaceAll('=', '').length % 4 !== 1) return text;
  return lexer.fail(`${clip(text)} is not base64`, lexer.start);
}

/** Writes the id that the lexer is at as a field; an empty one only if `always`. */
export function copyHexField(
  lexer: JsonLexer,
  writer: Writer,
  { number, always }: { number: number; always: boolean },
): void {
  lexer.string('a string');
  const { bytes, start, end, escaped } = lexer;
  if (start === end && !always) return;
  const before = writer.pos;
  if (escaped || !writer.hexField(number, bytes, start, end)) {
    writer.pos = before;
    lexer.fail(`${clip(lexer.text())} is not hex`, start);
  }
}

/** The value alone, without a tag: also the element of a packed field. */
export function writeInteger(writer: Writer, kind: Integer, value: number | bigint): void {
  if (kind === 'fixed64' || kind === 'sfixed64') writer.fixed64Bits(BigInt(value));
  else if (kind === 'fixed32') writer.fixed32Bits(Number(value));
  else if (kind === 'sint32') writer.varint(zigzag(Number(value)));
  else if (typeof value === 'number') writer.varint(value);
  else writer.bigint(value);
}

export function zigzag(value: number): number {
  return ((value << 1) ^ (value >> 31)) >>> 0;
}

function exactInteger(text: string): bigint | undefined {
  if (plainForm.test(text)) return BigInt(text);
  if (text.length > integerTextMax || !isNumber(text)) return undefined;
  const [mantissa = '', exponentText = '0'] = text.toLowerCase().split('e');
  const [whole = '', fraction = ''] = mantissa.split('.');
  const exponent = Number(exponentText) - fraction.length;
  if (Math.abs(exponent) > exponentMax + integerTextMax) return undefined;
  const digits = BigInt(whole + fraction);
  if (exponent >= 0) return digits * 10n ** BigInt(exponent);
  const divisor = 10n ** BigInt(-exponent);
  return digits % divisor === 0n ? digits / divisor : undefined;
}
