/** Attributes and values. Source: `common.proto`. */
import { wireFixed64, wireVarint } from '../reader.ts';
import type { AnyValue, KeyValue } from '../records.ts';
import type { Writer } from '../writer.ts';

export function writeAttributes(writer: Writer, field: number, attributes: KeyValue[]): void {
  for (const { key, value } of attributes) {
    const mark = writer.open(field);
    writer.stringField(1, key);
    writeAnyValue(writer, 2, value);
    writer.close(mark);
  }
}

/** Members of the oneof are written also when they hold the default. */
export function writeAnyValue(writer: Writer, field: number, value: AnyValue): void {
  const mark = writer.open(field);
  if (value.stringValue !== undefined) writer.textField(1, value.stringValue, 'utf8');
  else if (value.boolValue !== undefined) {
    writer.tag(2, wireVarint);
    writer.varint(value.boolValue ? 1 : 0);
  } else if (value.intValue !== undefined) {
    writer.tag(3, wireVarint);
    writer.bigint(BigInt(value.intValue));
  } else if (value.doubleValue !== undefined) {
    optionalDoubleField(writer, 4, Number(value.doubleValue));
  } else if (value.arrayValue !== undefined) {
    const array = writer.open(5);
    for (const element of value.arrayValue.values) writeAnyValue(writer, 1, element);
    writer.close(array);
  } else if (value.kvlistValue !== undefined) {
    const list = writer.open(6);
    writeAttributes(writer, 1, value.kvlistValue.values);
    writer.close(list);
  } else if (value.bytesValue !== undefined) writer.textField(7, value.bytesValue, 'base64');
  writer.close(mark);
}

export function writeId(writer: Writer, field: number, hex: string): void {
  if (hex !== '') writer.textField(field, hex, 'hex');
}

/** Left out when it is +0: proto3 has no other default. */
export function doubleField(writer: Writer, field: number, value: number | undefined): void {
  if (!Object.is(value, 0)) optionalDoubleField(writer, field, value);
}

/** Written also when it is 0; left out when undefined. */
export function optionalDoubleField(
  writer: Writer,
  field: number,
  value: number | undefined,
): void {
  if (value === undefined) return;
  writer.tag(field, wireFixed64);
  writer.doubleBits(value);
}

/** A repeated number in its packed form. */
export function packedField<T>(
  writer: Writer,
  field: number,
  values: readonly T[] | undefined,
  write: (value: T) => void,
): void {
  if (values === undefined || values.length === 0) return;
  const mark = writer.open(field);
  for (const value of values) write(value);
  writer.close(mark);
}
