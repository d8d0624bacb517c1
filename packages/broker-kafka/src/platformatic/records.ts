import { crc32c } from '@node-rs/crc32';
import { compressionsAlgorithmsByBitmask } from '@platformatic/kafka';
import type { FetchedRecord } from '../client.ts';
import { Cursor } from './cursor.ts';

/** Up to and including the length that the rest of a batch has. */
const prefixBytes = 12;
/** What the checksum covers begins here. */
const attributesAt = 21;
const compressionBits = 0b0111;
const logAppendTimeBit = 0b1000;
const controlBit = 0b10_0000;

export interface ReadRecords {
  records: FetchedRecord[];
  /** Behind the last batch; `from` where there is none. */
  next: number;
}

/**
 * Reads record batches (https://kafka.apache.org/documentation/#recordbatch) from position `from`
 * on. What the broker cut off at the end is left out; so are control records. Values are views of
 * `bytes`. Throws where a checksum does not fit.
 */
export function readRecords(bytes: Buffer, from: number): ReadRecords {
  const records: FetchedRecord[] = [];
  let next = from;
  for (let at = 0; at + prefixBytes <= bytes.length; ) {
    const end = at + prefixBytes + bytes.readInt32BE(at + 8);
    if (end > bytes.length) break;
    next = Math.max(next, readBatch(bytes.subarray(at, end), from, records));
    at = end;
  }
  return { records, next };
}

/** Appends its records; answers the position behind it. */
function readBatch(batch: Buffer, from: number, into: FetchedRecord[]): number {
  const cursor = new Cursor(batch);
  const base = cursor.int64();
  cursor.skip(8); // length, leader epoch
  const magic = cursor.int8();
  if (magic !== 2) throw new Error(`Record format ${magic} at ${base} is older than Kafka 0.11`);
  if (cursor.uint32() !== crc32c(batch.subarray(attributesAt))) {
    throw new Error(`The checksum of the record batch at ${base} does not fit`);
  }
  const attributes = cursor.int16();
  const end = base + cursor.int32() + 1;
  const firstMs = cursor.int64();
  const maxMs = cursor.int64();
  cursor.skip(14); // producer id, epoch, sequence
  const count = cursor.int32();
  if ((attributes & controlBit) !== 0) return end;
  const appendedMs = (attributes & logAppendTimeBit) === 0 ? undefined : maxMs;
  const body = bodyOf(cursor, attributes & compressionBits);
  for (let left = count; left > 0; left -= 1) {
    const record = readRecord(body, { base, firstMs, appendedMs });
    if (record.position >= from) into.push(record);
  }
  return end;
}

function bodyOf(cursor: Cursor, compression: number): Cursor {
  if (compression === 0) return cursor;
  const algorithms: Partial<typeof compressionsAlgorithmsByBitmask> =
    compressionsAlgorithmsByBitmask;
  const algorithm = algorithms[compression as keyof typeof algorithms];
  if (algorithm === undefined) throw new Error(`Unknown compression ${compression}`);
  return new Cursor(algorithm.decompressSync(cursor.bytes.subarray(cursor.at)));
}

interface Base {
  base: number;
  firstMs: number;
  appendedMs: number | undefined;
}

function readRecord(cursor: Cursor, { base, firstMs, appendedMs }: Base): FetchedRecord {
  cursor.varint(); // length
  cursor.skip(1); // attributes: none are in use
  const deltaMs = cursor.varint();
  const position = base + cursor.varint();
  const keyLength = cursor.varint();
  const key = keyLength > 0 ? cursor.text(keyLength) : '';
  const valueLength = cursor.varint();
  const value = valueLength > 0 ? cursor.take(valueLength) : empty;
  const headers: Record<string, string> = {};
  for (let left = cursor.varint(); left > 0; left -= 1) {
    const name = cursor.text(cursor.varint());
    const length = cursor.varint();
    headers[name] = length > 0 ? cursor.text(length) : '';
  }
  return { position, timestampMs: appendedMs ?? firstMs + deltaMs, key, value, headers };
}

const empty = Buffer.alloc(0);
