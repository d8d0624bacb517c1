import type { KeyValue } from '@spillway/otlp';

export function text(key: string, stringValue: string): KeyValue {
  return { key, value: { stringValue } };
}

export function int(key: string, value: number): KeyValue {
  return { key, value: { intValue: String(value) } };
}

export function double(key: string, doubleValue: number): KeyValue {
  return { key, value: { doubleValue } };
}

export function bool(key: string, boolValue: boolean): KeyValue {
  return { key, value: { boolValue } };
}

export function list(key: string, texts: readonly string[]): KeyValue {
  const values = texts.map((stringValue) => ({ stringValue }));
  return { key, value: { arrayValue: { values } } };
}
