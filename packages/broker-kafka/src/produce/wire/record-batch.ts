import { crc32c } from '@node-rs/crc32';
import type { OutgoingMessage } from '@spillway/broker';
import { textSize, writeText } from './text.ts';
import { varintSize, writeVarint } from './varint.ts';

/** What of a record batch is the same in every attempt. */
export interface Records {
  readonly count: number;
  /** In order; the values' own buffers are among them, so nothing large is copied. */
  readonly parts: readonly Uint8Array[];
  /** Bytes of the whole batch with its head: what Kafka compares with `max.message.bytes`. */
  readonly batchBytes: number;
  readonly timestampMs: number;
}

/** Who writes, and which number its first record has: what makes a retry known to the broker. */
export interface Stamp {
  producerId: bigint;
  epoch: number;
  sequence: number;
}

/** Sizes of a record in a batch, in bytes, without the few of its length and offset delta. */
export interface RecordSize {
  /** From the record's attributes to its end. */
  body: number;
  value: number;
  /** What is not the value: written into a buffer of its own. */
  own: number;
}

export const batchHeadBytes = 61;
const magic = 2;
const crcOffset = 17;
const checkedOffset = 21;
/** The largest length and offset delta as varints. */
export const recordFrameBytesMax = 10;

export function sizeOfRecord({ key, value, headers }: OutgoingMessage): RecordSize {
  const keyBytes = textSize(key);
  let valueBytes = 0;
  for (const part of value) valueBytes += part.length;
  // Attributes and a timestamp delta of 0 are a byte each.
  let own = 2 + varintSize(keyBytes) + keyBytes + varintSize(valueBytes);
  const names = Object.keys(headers);
  for (const name of names) {
    const nameBytes = textSize(name);
    const textBytes = textSize(headers[name] as string);
    own += varintSize(nameBytes) + nameBytes + varintSize(textBytes) + textBytes;
  }
  own += varintSize(names.length);
  return { body: own + valueBytes, value: valueBytes, own };
}

/**
 * Encodes the records of a batch, format v2 (https://kafka.apache.org/documentation/#recordbatch),
 * around the messages' own buffers. All records carry `timestampMs`.
 */
export function encodeRecords(
  messages: readonly OutgoingMessage[],
  sizes: readonly RecordSize[],
  timestampMs: number,
): Records {
  const parts: Uint8Array[] = [];
  const own = Buffer.allocUnsafe(ownBytes(sizes));
  let batchBytes = batchHeadBytes + own.length;
  let [from, at] = [0, 0];
  for (const [index, message] of messages.entries()) {
    const size = sizes[index] as RecordSize;
    at = writeRecordHead(own, message, size, index, at);
    for (const part of message.value) {
      if (part.length === 0) continue;
      if (at > from) parts.push(own.subarray(from, at));
      from = at;
      parts.push(part);
    }
    batchBytes += size.value;
    at = writeHeaders(own, message.headers, at);
  }
  if (at > from) parts.push(own.subarray(from, at));
  return { count: messages.length, parts, batchBytes, timestampMs };
}

/** The head that makes records a batch of this producer. Its checksum covers all of them. */
export function batchHead(records: Records, stamp: Stamp): Buffer {
  const { count, parts, batchBytes, timestampMs } = records;
  const head = Buffer.allocUnsafe(batchHeadBytes);
  const timestamp = BigInt(timestampMs);
  head.writeBigInt64BE(0n, 0);
  head.writeInt32BE(batchBytes - 12, 8);
  head.writeInt32BE(-1, 12); // The leader's epoch: the broker fills it in.
  head[16] = magic;
  head.writeInt16BE(0, 21); // Not compressed, the producer's time, no transaction.
  head.writeInt32BE(count - 1, 23);
  head.writeBigInt64BE(timestamp, 27);
  head.writeBigInt64BE(timestamp, 35);
  head.writeBigInt64BE(stamp.producerId, 43);
  head.writeInt16BE(stamp.epoch, 51);
  head.writeInt32BE(stamp.sequence, 53);
  head.writeInt32BE(count, 57);
  let checksum = crc32c(head.subarray(checkedOffset));
  for (const part of parts) checksum = crc32c(part, checksum);
  head.writeUInt32BE(checksum, crcOffset);
  return head;
}

function ownBytes(sizes: readonly RecordSize[]): number {
  let bytes = 0;
  for (const [index, { body, own }] of sizes.entries()) {
    bytes += recordSize(body, index) - body + own;
  }
  return bytes;
}

/** With its own length in front. */
function recordSize(body: number, index: number): number {
  const length = body + varintSize(index);
  return varintSize(length) + length;
}

function writeRecordHead(
  own: Buffer,
  { key }: OutgoingMessage,
  { body, value }: RecordSize,
  index: number,
  offset: number,
): number {
  let at = writeVarint(own, body + varintSize(index), offset);
  own[at] = 0; // Attributes: none are defined.
  own[at + 1] = 0; // Timestamp delta.
  at = writeVarint(own, index, at + 2);
  at = writeSized(own, key, at);
  return writeVarint(own, value, at);
}

function writeHeaders(own: Buffer, headers: OutgoingMessage['headers'], offset: number): number {
  const names = Object.keys(headers);
  let at = writeVarint(own, names.length, offset);
  for (const name of names) {
    at = writeSized(own, name, at);
    at = writeSized(own, headers[name] as string, at);
  }
  return at;
}

function writeSized(own: Buffer, text: string, offset: number): number {
  return writeText(own, text, writeVarint(own, textSize(text), offset));
}
