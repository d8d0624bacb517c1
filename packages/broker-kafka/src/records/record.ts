import type { FetchedRecord } from '../client.ts';
import type { Cursor } from './cursor.ts';

/** What the records of a batch have in common. */
export interface Batch {
  /** Position of its first record. */
  base: number;
  /** Behind its last one. */
  end: number;
  firstMs: number;
  /** When the broker took it, where the topic notes that. */
  appendedMs: number | undefined;
}

/** Headers that are kept, the first ones; telemetry has some ten. */
const headersMax = 1_000;
/** A record takes this in memory beside its bytes. */
const recordBytes = 256;
const headerBytes = 64;
const bytesPerChar = 2;
const empty = Buffer.alloc(0);

/** Reads a record's position and time, which stand at its begin, behind its length. */
export function readPlace(cursor: Cursor, { base, firstMs, appendedMs }: Batch) {
  cursor.skip(1); // attributes: none are in use
  const deltaMs = cursor.varint();
  const position = base + cursor.varint();
  return { position, timestampMs: appendedMs ?? firstMs + deltaMs };
}

/** Reads what stands behind a record's place: key, value and headers. The value is a view. */
export function readContent(
  cursor: Cursor,
  place: Pick<FetchedRecord, 'position' | 'timestampMs'>,
): FetchedRecord {
  const keyLength = cursor.varint();
  const key = keyLength > 0 ? cursor.text(keyLength) : '';
  const valueLength = cursor.varint();
  const value = valueLength > 0 ? cursor.take(valueLength) : empty;
  const headers: Record<string, string> = {};
  let bytes = recordBytes + value.length + bytesPerChar * key.length;
  const count = cursor.varint();
  for (let index = 0; index < count; index += 1) {
    const name = cursor.take(cursor.varint());
    const length = cursor.varint();
    const text = length > 0 ? cursor.take(length) : empty;
    if (index >= headersMax) continue;
    headers[name.toString()] = text.toString();
    bytes += headerBytes + bytesPerChar * (name.length + text.length);
  }
  return { ...place, key, value, headers, bytes };
}

/** Stands for what cannot be read. */
export function unread(
  place: Pick<FetchedRecord, 'position' | 'timestampMs'>,
  fault: string,
): FetchedRecord {
  return { ...place, key: '', value: empty, headers: {}, bytes: recordBytes, fault };
}
