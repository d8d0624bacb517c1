/** Exact JSON text: what is read back equals what was written, down to -0, NaN and infinities. */
import type { AnyValue, KeyValue } from '@spillway/otlp';

/**
 * OTLP/JSON of attributes, events, links or a body. `JSON.stringify` alone turns -0 into 0; the
 * slower exact way is taken only for text in which that may have happened.
 */
export function toJson(value: unknown): string {
  const text = JSON.stringify(value);
  return text.includes('"doubleValue":0}') ? JSON.stringify(value, keepMinusZero) : text;
}

/** Null for an empty list: most are, and null costs nothing to store. */
export function listToJson(list: readonly unknown[]): string | null {
  return list.length === 0 ? null : toJson(list);
}

/** Reads a list that a store keeps as JSON. */
export function listFromJson<T>(text: string | null): T[] {
  return text === null ? [] : (JSON.parse(text) as T[]);
}

/** Writes plain doubles inside Spillway's own JSON; `Number` reads all of them back. */
export function doubleToJson(value: number): number | string {
  if (Object.is(value, -0)) return '-0';
  return Number.isFinite(value) ? value : String(value);
}

interface RawJson {
  rawJSON(text: string): unknown;
}

function keepMinusZero(key: string, value: unknown): unknown {
  const isMinusZero = key === 'doubleValue' && Object.is(value, -0);
  return isMinusZero ? (JSON as unknown as RawJson).rawJSON('-0') : value;
}

/** A scalar value as a person would write it in a filter; undefined for lists, maps and nothing. */
export function scalarText(value: AnyValue): string | undefined {
  const scalar =
    value.stringValue ?? value.intValue ?? value.boolValue ?? value.doubleValue ?? value.bytesValue;
  return scalar === undefined ? undefined : String(scalar);
}

/** A search looks at so much of a record; all of it is stored. */
const wordsCharsMax = 32_768;

/** All values of a body and of attributes in lower case, a line each, up to a limit. */
export function wordsOf(body: AnyValue | undefined, attributes: readonly KeyValue[]): string {
  return textOf(body, attributes).slice(0, wordsCharsMax).toLowerCase();
}

/** All values of a body and of attributes, a line each. */
export function textOf(body: AnyValue | undefined, attributes: readonly KeyValue[]): string {
  const lines: string[] = [];
  if (body) collect(body, lines);
  for (const { value } of attributes) collect(value, lines);
  return lines.join('\n');
}

function collect(value: AnyValue, lines: string[]): void {
  const scalar = scalarText(value);
  if (scalar !== undefined) lines.push(scalar);
  for (const item of value.arrayValue?.values ?? []) collect(item, lines);
  for (const pair of value.kvlistValue?.values ?? []) collect(pair.value, lines);
}
