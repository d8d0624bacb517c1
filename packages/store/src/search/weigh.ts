/** What values of JSON take on the heap of V8, and as text. Checked against both in `weigh.test.ts`. */
import type { Held } from '../answer-room.ts';

/** Map, properties and elements. */
const objectBytes = 24;
const arrayBytes = 48;
const slotBytes = 8;
const numberBytes = 16;
const stringBytes = 24;
/** Objects with more properties than this are tables of hashes. */
const propertiesMax = 100;
const tableSlotBytes = 48;
/** Below it a text costs less than to look at it. */
const shortChars = 32;

const isWide = /[^\0-\xff]/;
const isEscaped = /["\\\p{Cc}\p{Cs}]/u;

/** Nothing is kept of what has no place in JSON. */
export function weigh(value: unknown): Held {
  const held = { objects: 0, text: 0 };
  add(value, held);
  return held;
}

/**
 * Weighs items that share the objects of their resource and scope: each is there once, and written
 * each time.
 */
export class ItemWeights {
  readonly #shared = new Map<object, Held>();

  weigh(item: { resource: object; scope: object }): Held {
    const { resource, scope, ...own } = item;
    const held = weigh(own);
    for (const [name, shared] of [
      ['resource', resource],
      ['scope', scope],
    ] as const) {
      let known = this.#shared.get(shared);
      if (!known) {
        known = weigh(shared);
        this.#shared.set(shared, known);
        held.objects += known.objects;
      }
      held.text += known.text + name.length + keyBytes;
      held.objects += slotBytes;
    }
    return held;
  }
}

/** Two quotes, a colon and a comma. */
const keyBytes = 4;

function add(value: unknown, held: Held): void {
  switch (typeof value) {
    case 'string':
      held.objects += heapBytes(value);
      held.text += jsonBytes(value);
      return;
    case 'number':
      if (!isSmall(value)) held.objects += numberBytes;
      held.text += Number.isFinite(value) ? String(value).length : 4;
      return;
    case 'boolean':
      held.text += 5;
      return;
    case 'object':
      if (value === null) held.text += 4;
      else if (Array.isArray(value)) addArray(value, held);
      else addObject(value as Record<string, unknown>, held);
  }
}

function addArray(array: readonly unknown[], held: Held): void {
  held.objects += arrayBytes + slotBytes * array.length;
  held.text += 2 + array.length;
  for (const item of array) add(item, held);
}

function addObject(object: Record<string, unknown>, held: Held): void {
  const keys = Object.keys(object);
  const isTable = keys.length > propertiesMax;
  held.objects += objectBytes + (isTable ? tableSlotBytes : slotBytes) * Math.max(4, keys.length);
  held.text += 2;
  for (const key of keys) {
    const value = object[key];
    if (value === undefined) continue;
    held.text += jsonBytes(key) + 2;
    if (isTable) held.objects += heapBytes(key);
    add(value, held);
  }
}

function heapBytes(text: string): number {
  if (text.length < shortChars) return stringBytes + 2 * text.length;
  return stringBytes + (isWide.test(text) ? 2 : 1) * text.length;
}

function jsonBytes(text: string): number {
  if (isEscaped.test(text)) return Buffer.byteLength(JSON.stringify(text));
  return 2 + Buffer.byteLength(text);
}

function isSmall(value: number): boolean {
  return Number.isInteger(value) && Math.abs(value) < 2 ** 30;
}
