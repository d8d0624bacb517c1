/** How values of records look in PostgreSQL's text form, there and back without loss. */
import type { Cell } from '../client.ts';

export interface Codec<T> {
  /** Column type. */
  type: string;
  /** Type of the array that carries it, when `unnest` cannot take arrays of `type`. */
  carrier?: string;
  write(value: T): string | number | bigint | null;
  read(cell: string): T;
}

/** U+E000 is private use: it may stand for itself only when escaped. See migration 0001. */
const escapable = /[\0\ue000]/;
const escapableAll = /[\0\ue000]/g;
const escapedAll = /\ue000[0E]/g;

export function escapeText(value: string): string {
  if (!escapable.test(value)) return value;
  return byParts(value, (part) =>
    part.replace(escapableAll, (char) => (char === '\0' ? '\ue0000' : '\ue000E')),
  );
}

const partChars = 65_536;

/** V8 ends the process when one `replace` finds some ten million matches. */
function byParts(value: string, escapePart: (part: string) => string): string {
  if (value.length <= partChars) return escapePart(value);
  let escaped = '';
  for (let from = 0; from < value.length; from += partChars) {
    escaped += escapePart(value.slice(from, from + partChars));
  }
  return escaped;
}

export function unescapeText(value: string): string {
  if (!value.includes('\ue000')) return value;
  return value.replace(escapedAll, (pair) => (pair === '\ue0000' ? '\0' : '\ue000'));
}

// JSON.stringify writes -0 as 0, and U+0000 as \u0000, which jsonb and ->> refuse.
const delicate = /\\u0000|\ue000|:0[,}]/;
const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown };
const minusZero = rawJSON('-0');

function writeJson(value: unknown): string {
  const json = JSON.stringify(value);
  if (!delicate.test(json)) return json;
  return JSON.stringify(value, (_, part) => {
    if (typeof part === 'string') return escapeText(part);
    return Object.is(part, -0) ? minusZero : part;
  });
}

function readJson(cell: string): unknown {
  if (!cell.includes('\ue000')) return JSON.parse(cell);
  return JSON.parse(cell, (_, part) => (typeof part === 'string' ? unescapeText(part) : part));
}

function jsonOf<T>(): Codec<T> {
  return { type: 'json', write: writeJson, read: (cell) => readJson(cell) as T };
}

const writeNumber = (value: number) => (Object.is(value, -0) ? '-0' : value);
const same = <T>(value: T): T => value;

export const text: Codec<string> = { type: 'text', write: escapeText, read: unescapeText };
export const json = jsonOf;
export const int32: Codec<number> = { type: 'integer', write: same, read: Number };
export const uint32: Codec<number> = { type: 'bigint', write: same, read: Number };
export const int64: Codec<bigint> = { type: 'bigint', write: same, read: BigInt };
/** Two's complement: from 2^63 on the column is negative. */
export const uint64: Codec<bigint> = {
  type: 'bigint',
  write: (value) => BigInt.asIntN(64, value),
  read: (cell) => BigInt.asUintN(64, BigInt(cell)),
};
export const double: Codec<number> = {
  type: 'double precision',
  write: writeNumber,
  read: Number,
};
export const bool: Codec<boolean> = {
  type: 'boolean',
  write: (value) => (value ? 't' : 'f'),
  read: (cell) => cell === 't',
};
/** Hex digits, in bytea. */
export const hex: Codec<string> = {
  type: 'bytea',
  write: (value) => `\\x${value}`,
  read: (cell) => cell.slice(2),
};
/** 32 hex digits, in uuid. */
export const hash: Codec<string> = {
  type: 'uuid',
  write: same,
  read: (cell) => cell.replaceAll('-', ''),
};

export function optional<T>(codec: Codec<T>): Codec<T | undefined> {
  return { ...codec, write: (value) => (value === undefined ? null : codec.write(value)) };
}

/** A column that is an array. `unnest` would flatten arrays of arrays, so it travels as text. */
export function list<T>(codec: Codec<T>): Codec<readonly T[]> {
  return {
    type: `${codec.type}[]`,
    carrier: 'text',
    write: (values) => `{${values.map(codec.write).join(',')}}`,
    read: (cell) => (cell === '{}' ? [] : cell.slice(1, -1).split(',').map(codec.read)),
  };
}

export function readCell<T>(codec: Codec<T>, cell: Cell | undefined): T | undefined {
  return cell === null || cell === undefined ? undefined : codec.read(cell);
}

/** PostgreSQL's array literal of one column's values. */
export function arrayLiteral(values: readonly (string | number | bigint | null)[]): string {
  let literal = '{';
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as string | number | bigint | null;
    if (i > 0) literal += ',';
    if (value === null) literal += 'NULL';
    else if (typeof value === 'string') literal += `"${byParts(value, escapeQuotes)}"`;
    else literal += value;
  }
  return `${literal}}`;
}

// Of all that is written here only texts, json and bytea (`\x…`) have any of these.
const copyEscapable = /[\\\n\r\t]/;
const copyEscapes: Record<string, string> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** One value of a row in COPY's text format. */
export function copyCell(value: string | number | bigint | null): string {
  if (value === null) return '\\N';
  if (typeof value !== 'string') return String(value);
  return copyEscapable.test(value) ? byParts(value, escapeForCopy) : value;
}

function escapeForCopy(part: string): string {
  return part.replace(/[\\\n\r\t]/g, (char) => copyEscapes[char] ?? '\\\\');
}

function escapeQuotes(part: string): string {
  return part.replace(/["\\]/g, '\\$&');
}
