/** Fields of an OTLP/JSON message, with the defaults that the wire leaves out. */
import type { AnyValue, KeyValue } from '@spillway/otlp';
import type { Message } from './official.ts';

export function attributesOf(message: Message): {
  attributes: KeyValue[];
  droppedAttributesCount: number;
} {
  return {
    attributes: list(message.attributes).map(keyValue),
    droppedAttributesCount: number(message.droppedAttributesCount),
  };
}

export function keyValue(pair: Message): KeyValue {
  return { key: text(pair.key), value: anyValue(pair.value) };
}

/** At most one key, as in the OTLP/JSON mapping; `null` is absent there. */
export function anyValue(value: unknown): AnyValue {
  const { stringValue, boolValue, intValue, doubleValue, arrayValue, kvlistValue, bytesValue } =
    object(value);
  if (present(stringValue)) return { stringValue: text(stringValue) };
  if (present(boolValue)) return { boolValue: boolValue === true };
  if (present(intValue)) return { intValue: whole(intValue) };
  if (present(doubleValue)) return { doubleValue: double(doubleValue) as number };
  if (present(arrayValue)) {
    return { arrayValue: { values: list(object(arrayValue).values).map(anyValue) } };
  }
  if (present(kvlistValue)) {
    return { kvlistValue: { values: list(object(kvlistValue).values).map(keyValue) } };
  }
  return present(bytesValue) ? { bytesValue: text(bytesValue) } : {};
}

export function present(value: unknown): boolean {
  return value !== undefined && value !== null;
}

export function object(value: unknown): Message {
  return (value ?? {}) as Message;
}

export function list(value: unknown): Message[] {
  return (value ?? []) as Message[];
}

export function text(value: unknown): string {
  return String(value ?? '');
}

export function hex(value: unknown): string {
  return text(value).toLowerCase();
}

export function whole(value: unknown): string {
  return String(value ?? 0);
}

export function number(value: unknown): number {
  return Number(value ?? 0);
}

export function optionalNumber(value: unknown): number | undefined {
  return present(value) ? Number(value) : undefined;
}

/**
 * NaN and the infinities as proto3 JSON writes them. -0 becomes 0, as in every JSON that
 * JavaScript's `JSON.stringify` writes: the query API's, too.
 */
export function double(value: unknown): number | string {
  return Number.isFinite(Number(value)) ? Number(value) + 0 : text(value);
}
