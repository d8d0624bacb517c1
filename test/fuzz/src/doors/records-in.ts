/** How many records a request holds, by a reading of its own. */
import type { Signal } from '@spillway/otlp';

/** Field numbers from the request down to the record; of a metric, any of the five kinds. */
const dataFields = new Set([5, 7, 9, 10, 11]);

/** Counts as OTLP has it; of a metric's data the last kind counts. */
export function recordsIn(signal: Signal, body: Uint8Array): number {
  return sum(body, 1, (resource) => sum(resource, 2, (scope) => inScope(signal, scope)));
}

function inScope(signal: Signal, scope: Uint8Array): number {
  return sum(scope, 2, (record) => (signal === 'metrics' ? points(record) : 1));
}

function points(metric: Uint8Array): number {
  let last = 0;
  let count = 0;
  for (const { number, wire, content } of fieldsOf(metric)) {
    if (wire !== 2 || !dataFields.has(number)) continue;
    if (number !== last) count = 0;
    last = number;
    count += sum(content, 1, () => 1);
  }
  return count;
}

function sum(bytes: Uint8Array, wanted: number, of: (content: Uint8Array) => number): number {
  let total = 0;
  for (const { number, wire, content } of fieldsOf(bytes)) {
    if (wire === 2 && number === wanted) total += of(content);
  }
  return total;
}

/** Ends where it cannot be read. */
function* fieldsOf(bytes: Uint8Array) {
  for (let at = 0; at < bytes.length; ) {
    const tag = varint(bytes, at);
    at = tag.end;
    const number = Math.floor(tag.value / 8);
    const wire = tag.value % 8;
    const length = wire === 2 ? varint(bytes, at) : { value: 0, end: at };
    at = length.end;
    const size = { 0: varint(bytes, at).end - at, 1: 8, 2: length.value, 5: 4 }[wire];
    if (size === undefined) return;
    yield { number, wire, content: bytes.subarray(at, at + size) };
    at += size;
  }
}

function varint(bytes: Uint8Array, start: number): { value: number; end: number } {
  let value = 0;
  let at = start;
  for (let group = 0; at < bytes.length; group++, at++) {
    value += ((bytes[at] as number) & 0x7f) * 2 ** (7 * group);
    if ((bytes[at] as number) < 0x80) break;
  }
  return { value, end: at + 1 };
}
