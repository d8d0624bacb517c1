import { crc32c } from '@node-rs/crc32';
import { messageOf } from '@spillway/resilience';
import type { FetchedRecord } from '../client.ts';
import { Cursor } from './cursor.ts';
import { inflate } from './inflate.ts';
import { Pieces } from './pieces.ts';
import { type Batch, readContent, readPlace, unread } from './record.ts';

/** Up to and including the length that the rest of a batch has. */
const prefixBytes = 12;
const headBytes = 61;
/** What the checksum covers begins here. */
const attributesAt = 21;
const compressionBits = 0b0111;
const logAppendTimeBit = 0b1000;
const controlBit = 0b10_0000;

/** A batch that is inflated beyond this many times the largest message is not read further. */
const inflatedMessagesMax = 16;
/** From a record's attributes to its position, at most. */
const placeBytesMax = 1 + 10 + 10;
const lengthBytesMax = 5;

export interface ReadLimits {
  /** Memory for what is built beside `bytes`: what was compressed, texts, objects. One record fits. */
  ownBytesMax: number;
  /** A compressed record that is larger cannot be a message. */
  messageBytesMax: number;
}

export interface ReadRecords {
  records: FetchedRecord[];
  /** Behind the last record that was read, or the last batch; `from` where there is none. */
  next: number;
  /** Memory taken beside `bytes`, estimated. */
  ownBytes: number;
}

/**
 * Reads record batches (https://kafka.apache.org/documentation/#recordbatch) from position `from`
 * on, up to the limits. What the broker cut off at the end is left out; so are control records. What
 * is not compressed is a view of `bytes`. Of a batch that cannot be read, or not to its end, the rest is
 * one record with a fault. Throws where a checksum does not fit.
 */
export async function readRecords(
  bytes: Buffer,
  from: number,
  limits: ReadLimits,
): Promise<ReadRecords> {
  const reading = new Reading(from, limits);
  for (let at = 0; at + prefixBytes <= bytes.length && !reading.isFull; ) {
    const length = bytes.readInt32BE(at + 8);
    if (length < headBytes - prefixBytes) throw new Error(`A record batch of ${length} bytes`);
    const end = at + prefixBytes + length;
    if (end > bytes.length) break;
    await reading.batch(bytes.subarray(at, end));
    at = end;
  }
  const { records, next, ownBytes } = reading;
  return { records, next, ownBytes };
}

class Reading {
  readonly records: FetchedRecord[] = [];
  next: number;
  ownBytes = 0;
  readonly #limits: ReadLimits;

  constructor(from: number, limits: ReadLimits) {
    this.next = from;
    this.#limits = limits;
  }

  get isFull(): boolean {
    return this.ownBytes >= this.#limits.ownBytesMax;
  }

  async batch(bytes: Buffer): Promise<void> {
    const cursor = new Cursor(bytes);
    const { compression, count, ...batch } = readHead(cursor);
    if (count === 0 || batch.end <= this.next) {
      this.next = Math.max(this.next, batch.end);
      return;
    }
    try {
      const isWhole =
        compression === 0
          ? this.#plain(cursor, { batch, count })
          : await this.#compressed(bytes.subarray(cursor.at), { batch, count, compression });
      if (isWhole) this.next = Math.max(this.next, batch.end);
    } catch (error) {
      if (isShortOfMemory(error)) throw error;
      this.#giveUp(batch, messageOf(error));
    }
  }

  /** False when it is full before the end. */
  #plain(cursor: Cursor, { batch, count }: { batch: Batch; count: number }): boolean {
    for (let left = count; left > 0; left -= 1) {
      if (this.isFull) return false;
      const length = cursor.varint();
      this.#record(cursor, cursor.at + length, { batch, isOwn: false });
    }
    return true;
  }

  async #compressed(
    bytes: Buffer,
    { batch, count, compression }: { batch: Batch; count: number; compression: number },
  ): Promise<boolean> {
    const { messageBytesMax } = this.#limits;
    const inflatedBytesMax = inflatedMessagesMax * messageBytesMax;
    const pieces = new Pieces();
    let [left, inflated] = [count, 0];
    // To leave the loop ends the inflater.
    for await (const piece of inflate(compression, bytes, { blockBytesMax: 2 * messageBytesMax })) {
      inflated += piece.length;
      pieces.push(piece);
      for (; left > 0 && !this.isFull; left -= 1) {
        if (!this.#next(pieces, batch)) break;
      }
      if (left === 0) return true;
      if (this.isFull) return false;
      if (inflated > inflatedBytesMax) {
        throw new Error(`The batch has ${inflatedBytesMax} bytes and more when it is decompressed`);
      }
    }
    throw new Error(`The batch ends ${left} records too early`);
  }

  /** False when more pieces are needed first. */
  #next(pieces: Pieces, batch: Batch): boolean {
    const head = pieces.peek(lengthBytesMax);
    const cursor = new Cursor(head);
    if (head.length < lengthBytesMax && head.every((byte) => byte >= 0x80)) return false;
    const length = cursor.varint();
    const { messageBytesMax } = this.#limits;
    if (length < 0) throw new Error(`A record of ${length} bytes`);
    if (length <= messageBytesMax) {
      const whole = pieces.take(cursor.at, length);
      if (whole) this.#record(new Cursor(whole), length, { batch, isOwn: true });
      return whole !== undefined;
    }
    const beginning = pieces.peek(cursor.at + placeBytesMax);
    if (beginning.length < cursor.at + placeBytesMax) return false;
    const place = readPlace(new Cursor(beginning, cursor.at), batch);
    pieces.skip(cursor.at + length);
    if (this.#isNew(place, batch)) {
      const fault = `${length} bytes when it is decompressed; at most ${messageBytesMax} are read`;
      const record = unread(place, fault);
      this.#take(record, record.bytes);
    }
    return true;
  }

  #record(cursor: Cursor, end: number, { batch, isOwn }: { batch: Batch; isOwn: boolean }): void {
    const place = readPlace(cursor, batch);
    if (this.#isNew(place, batch)) {
      const record = readContent(cursor, place);
      this.#take(record, isOwn ? record.bytes : record.bytes - record.value.length);
    } else cursor.skip(end - cursor.at);
    if (cursor.at !== end) throw new Error(`A record ends at byte ${cursor.at} instead of ${end}`);
  }

  /** False for one that was read before. */
  #isNew({ position }: { position: number }, { base, end }: Batch): boolean {
    if (position >= base && position < end) return position >= this.next;
    throw new Error(`A record at ${position} in a batch from ${base} to ${end}`);
  }

  #take(record: FetchedRecord, ownBytes: number): void {
    this.records.push(record);
    this.ownBytes += ownBytes;
    this.next = record.position + 1;
  }

  #giveUp({ base, end, firstMs, appendedMs }: Batch, reason: string): void {
    const position = Math.max(this.next, base);
    const place = { position, timestampMs: appendedMs ?? firstMs };
    if (position < end) this.#take(unread(place, reason), 0);
    this.next = end;
  }
}

function readHead(cursor: Cursor): Batch & { compression: number; count: number } {
  const base = cursor.int64();
  cursor.skip(8); // length, leader epoch
  const magic = cursor.int8();
  if (magic !== 2) throw new Error(`Record format ${magic} at ${base} is older than Kafka 0.11`);
  if (cursor.uint32() !== crc32c(cursor.bytes.subarray(attributesAt))) {
    throw new Error(`The checksum of the record batch at ${base} does not fit`);
  }
  const attributes = cursor.int16();
  const end = base + cursor.int32() + 1;
  const firstMs = cursor.int64();
  const maxMs = cursor.int64();
  cursor.skip(14); // producer id, epoch, sequence
  const count = (attributes & controlBit) === 0 ? cursor.int32() : 0;
  const appendedMs = (attributes & logAppendTimeBit) === 0 ? undefined : maxMs;
  return { base, end, firstMs, appendedMs, compression: attributes & compressionBits, count };
}

/** It says nothing about the batch. */
function isShortOfMemory(error: unknown): boolean {
  const { code } = error as { code?: string };
  return code === 'Z_MEM_ERROR' || code === 'ZSTD_error_memory_allocation';
}
