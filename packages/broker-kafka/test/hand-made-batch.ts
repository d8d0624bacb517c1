/** Record batches byte by byte, as no client library would write them. */
import { crc32c } from '@node-rs/crc32';

export interface WrittenRecord {
  key?: Uint8Array;
  value?: Uint8Array;
  headers?: readonly (readonly [string, Uint8Array])[];
}

export interface BatchOptions {
  /** How many records `body` has. */
  count: number;
  /** Of the attributes: 1 gzip, 2 snappy, 3 lz4, 4 zstd. */
  compression?: number;
  timestampMs?: number;
}

const headBytes = 61;

/** https://kafka.apache.org/documentation/#recordbatch; `body` is compressed already. */
export function batchOf(body: Uint8Array, options: BatchOptions): Buffer {
  const { count, compression = 0, timestampMs = Date.now() } = options;
  const batch = Buffer.alloc(headBytes + body.length);
  batch.writeInt32BE(batch.length - 12, 8);
  batch.writeInt32BE(-1, 12);
  batch.writeInt8(2, 16);
  batch.writeInt16BE(compression, 21);
  batch.writeInt32BE(count - 1, 23);
  batch.writeBigInt64BE(BigInt(timestampMs), 27);
  batch.writeBigInt64BE(BigInt(timestampMs), 35);
  batch.writeBigInt64BE(-1n, 43);
  batch.writeInt16BE(-1, 51);
  batch.writeInt32BE(-1, 53);
  batch.writeInt32BE(count, 57);
  batch.set(body, headBytes);
  batch.writeUInt32BE(crc32c(batch.subarray(21)), 17);
  return batch;
}

/** Records one after the other, as they lie in a batch before it is compressed. */
export function bodyOf(records: readonly WrittenRecord[]): Buffer {
  return Buffer.concat(records.map((record, index) => recordOf(record, index)));
}

/** All of a record but the last `zeros` bytes of its value, and what follows them. */
export function hollowRecord(zeros: number): { head: Buffer; tail: Buffer } {
  const fields = Buffer.concat([Buffer.from([0, 0, 0]), varint(-1), varint(zeros)]);
  const tail = varint(0);
  return { head: Buffer.concat([varint(fields.length + zeros + tail.length), fields]), tail };
}

function recordOf({ key, value, headers = [] }: WrittenRecord, index: number): Buffer {
  const fields = Buffer.concat([
    Buffer.from([0, 0]),
    varint(index),
    bytesOf(key),
    bytesOf(value),
    varint(headers.length),
    ...headers.flatMap(([name, text]) => [bytesOf(Buffer.from(name)), bytesOf(text)]),
  ]);
  return Buffer.concat([varint(fields.length), fields]);
}

function bytesOf(bytes: Uint8Array | undefined): Buffer {
  return bytes ? Buffer.concat([varint(bytes.length), bytes]) : varint(-1);
}

/** Zigzag. */
function varint(value: number): Buffer {
  const bytes: number[] = [];
  let left = value < 0 ? -2 * value - 1 : 2 * value;
  for (; left >= 0x80; left = Math.floor(left / 0x80)) bytes.push((left % 0x80) | 0x80);
  bytes.push(left);
  return Buffer.from(bytes);
}
