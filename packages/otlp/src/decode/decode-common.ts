/** Attributes, values and ids, as all signals have them. Source: `common.proto`. */
import { BrokenRecordError } from '../errors.ts';
import { tagOf } from '../layout.ts';
import { type Reader, wireFixed64, wireVarint } from '../reader.ts';
import type { AnyValue, BrokenRecord, KeyValue } from '../records.ts';

/** Deeper values make their record broken: it bounds the stack, and what a store must nest. */
const valueDepthMax = 100;

const traceIdDigits = 32;
const spanIdDigits = 16;
const onlyZeros = /^0+$/;

/** A `KeyValue` field: key 1, value 2. Without a value it has the empty one. */
export function readKeyValue(reader: Reader, depth = 1): KeyValue {
  const outer = reader.enter();
  const read = readKeyValueInside(reader, depth);
  reader.leave(outer);
  return read;
}

/** The same, when the reader is inside the field already. */
export function readKeyValueInside(reader: Reader, depth = 1): KeyValue {
  reader.value();
  let key = '';
  let value: AnyValue | undefined;
  while (reader.more) {
    const tag = reader.tag();
    if (tag === tagOf(1)) key = reader.string();
    else if (tag === tagOf(2)) value = readAnyValue(reader, value, depth);
    else reader.skip(tag);
  }
  return { key, value: value ?? {} };
}

/**
 * An `AnyValue` field; `merged` is what the same field held before. A value of the profiles
 * signal (a string index) is read as empty, as `common.proto` asks.
 */
export function readAnyValue(reader: Reader, merged?: AnyValue, depth = 1): AnyValue {
  if (depth > valueDepthMax) {
    throw new BrokenRecordError(
      'malformed-record',
      `value nested deeper than ${valueDepthMax} at offset ${reader.pos}`,
    );
  }
  reader.value();
  const outer = reader.enter();
  let value = merged ?? {};
  while (reader.more) {
    const tag = reader.tag();
    switch (tag) {
      case tagOfString:
        value = { stringValue: reader.string() };
        break;
      case tagOfBool:
        value = { boolValue: reader.bool() };
        break;
      case tagOfInt:
        value = { intValue: reader.int64Text() };
        break;
      case tagOfDouble:
        value = { doubleValue: doubleText(reader.double()) };
        break;
      case tagOfArray:
        value = { arrayValue: { values: readValues(reader, value, depth) } };
        break;
      case tagOfList:
        value = { kvlistValue: { values: readKeyValues(reader, value, depth) } };
        break;
      case tagOfBytes:
        value = { bytesValue: reader.base64() };
        break;
      case tagOfStringIndex:
        reader.skip(tag);
        value = {};
        break;
      default:
        reader.skip(tag);
    }
  }
  reader.leave(outer);
  return value;
}

const tagOfString = tagOf(1);
const tagOfBool = tagOf(2, wireVarint);
const tagOfInt = tagOf(3, wireVarint);
const tagOfDouble = tagOf(4, wireFixed64);
const tagOfArray = tagOf(5);
const tagOfList = tagOf(6);
const tagOfBytes = tagOf(7);
const tagOfStringIndex = tagOf(8, wireVarint);

function readValues(reader: Reader, merged: AnyValue, depth: number): AnyValue[] {
  const values = merged.arrayValue?.values ?? [];
  const outer = reader.enter();
  while (reader.more) {
    const tag = reader.tag();
    if (tag === tagOf(1)) values.push(readAnyValue(reader, undefined, depth + 1));
    else reader.skip(tag);
  }
  reader.leave(outer);
  return values;
}

function readKeyValues(reader: Reader, merged: AnyValue, depth: number): KeyValue[] {
  const values = merged.kvlistValue?.values ?? [];
  const outer = reader.enter();
  while (reader.more) {
    const tag = reader.tag();
    if (tag === tagOf(1)) values.push(readKeyValue(reader, depth + 1));
    else reader.skip(tag);
  }
  reader.leave(outer);
  return values;
}

function doubleText(value: number): NonNullable<AnyValue['doubleValue']> {
  return Number.isFinite(value) ? value : (String(value) as 'NaN' | 'Infinity' | '-Infinity');
}

/** Checks a trace id read as hex. Absent or all zero is ''; `name` is for the reason. */
export function optionalTraceId(hex: string, name: string): string {
  return optionalId(hex, { name, digits: traceIdDigits, code: 'invalid-trace-id' });
}

export function optionalSpanId(hex: string, name: string): string {
  return optionalId(hex, { name, digits: spanIdDigits, code: 'invalid-span-id' });
}

export function requiredTraceId(hex: string): string {
  return required(optionalTraceId(hex, 'trace_id'), hex, 'trace_id', 'invalid-trace-id');
}

export function requiredSpanId(hex: string): string {
  return required(optionalSpanId(hex, 'span_id'), hex, 'span_id', 'invalid-span-id');
}

function optionalId(
  hex: string,
  { name, digits, code }: { name: string; digits: number; code: BrokenRecord['code'] },
): string {
  if (hex === '') return '';
  if (hex.length !== digits) {
    const reason = `${name} has ${hex.length / 2} bytes, not ${digits / 2}`;
    throw new BrokenRecordError(code, reason);
  }
  // Two digits decide almost all of them.
  return hex.startsWith('00') && onlyZeros.test(hex) ? '' : hex;
}

function required(id: string, hex: string, name: string, code: BrokenRecord['code']): string {
  if (id !== '') return id;
  throw new BrokenRecordError(code, hex === '' ? `${name} is missing` : `${name} is all zero`);
}
