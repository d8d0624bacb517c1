/**
 * Record keys: a stable format. Rows and documents live under them, so that a redelivery, a replay
 * and a client's retry meet what they wrote before. Changing anything here doubles stored data.
 *
 * `H` is xxh3-128 with seed 0, as 16 bytes big-endian, in text 32 lower-case hex digits.
 * `u32` is little-endian; `block(x)` is `u32(length of x) x`; strings are UTF-8.
 * A sub-message given several times counts as its payloads, concatenated: that is how it merges.
 *
 * - resource hash = H(block(payload of `resource`) block(schema_url of the Resource*))
 * - scope hash    = H(block(payload of `scope`) block(schema_url of the Scope*))
 * - context       = H(block(tenant) resource hash, scope hash)
 * - record key    = H(context u32(ordinal) bytes), where bytes is
 *   - of a span or log record: its payload;
 *   - of a data point: block(metric header) and the point's payload. The metric header is every
 *     field of the metric but `data`, as on the wire and in that order, then one byte with the
 *     field number of `data`, then every field of `data` but its points.
 * - series key    = H(context block(name) block(unit) u8(field number of `data`)
 *   u32(temporality) u8(monotonic) block(KeyValue payload)…), the attributes in byte order.
 *
 * The ordinal counts the records of one message whose key with ordinal 0 is equal, from 0.
 */
import { xxh3 } from '@node-rs/xxhash';
import { Writer } from './writer.ts';

const hashBytes = 16;
const prefixStart = hashBytes + 4;
/** A scratch that grew beyond this for something large is let go. */
const scratchBytes = 16 * 1024;
/**
 * Bytes of scratch space that each message has of its own, which grows: there may be thousands of
 * small ones at a time.
 */
const keyScratchBytes = 512;

function hash128(bytes: Uint8Array): string {
  return xxh3
    .xxh128(bytes)
    .toString(16)
    .padStart(2 * hashBytes, '0');
}

/** H of what `write` writes. */
function hashOf(write: (writer: Writer) => void): string {
  scratch.pos = 0;
  write(scratch);
  const hash = hash128(scratch.finish());
  if (scratch.pos > scratchBytes) scratch = new Writer(scratchBytes);
  return hash;
}

/** Reused: a buffer for each hash would cost more than hashing. */
let scratch = new Writer(scratchBytes);

/** H of the blocks. */
export function hashBlocks(...blocks: Uint8Array[]): string {
  return hashOf((writer) => {
    for (const block of blocks) writeBlock(writer, block);
  });
}

export function writeBlock(writer: Writer, block: Uint8Array): void {
  writer.fixed32Bits(block.length);
  writer.raw(block);
}

/** Makes the keys of one message: remembers which equal records it has met. */
export class RecordKeys {
  readonly #tenant: Uint8Array;
  readonly #given: readonly number[] | undefined;
  readonly #seen = new Map<string, number>();
  /** context, ordinal, prefix, record. */
  #scratch = Buffer.allocUnsafe(keyScratchBytes);
  #prefixEnd = prefixStart;

  /** Ordinals by index; undefined while all are 0. */
  ordinals: number[] | undefined;

  constructor(tenant: string, ordinals: readonly number[] | undefined) {
    this.#tenant = Buffer.from(tenant);
    this.#given = ordinals;
  }

  setContext(resourceHash: string, scopeHash: string): void {
    const context = hashOf((writer) => {
      writeBlock(writer, this.#tenant);
      writer.raw(Buffer.from(resourceHash + scopeHash, 'hex'));
    });
    this.#scratch.write(context, 0, hashBytes, 'hex');
    this.#prefixEnd = prefixStart;
  }

  /** Bytes in front of each record's own, until the next context. */
  setPrefix(header: Uint8Array): void {
    this.#room(prefixStart + 4 + header.length);
    this.#scratch.writeUInt32LE(header.length, prefixStart);
    this.#scratch.set(header, prefixStart + 4);
    this.#prefixEnd = prefixStart + 4 + header.length;
  }

  /** The key of the record at place `index`, whose bytes these are. Asked in order of `index`. */
  keyOf(index: number, record: Uint8Array): string {
    const end = this.#prefixEnd + record.length;
    this.#room(end);
    this.#scratch.set(record, this.#prefixEnd);
    const given = this.#given?.[index];
    if (given !== undefined) {
      this.#note(index, given);
      return this.#digest(end, given);
    }
    const first = this.#digest(end, 0);
    const ordinal = this.#seen.get(first) ?? 0;
    this.#seen.set(first, ordinal + 1);
    this.#note(index, ordinal);
    return ordinal === 0 ? first : this.#digest(end, ordinal);
  }

  /** H of the context and what `write` adds. */
  underContext(write: (writer: Writer) => void): string {
    return hashOf((writer) => {
      writer.raw(this.#scratch.subarray(0, hashBytes));
      write(writer);
    });
  }

  #note(index: number, ordinal: number): void {
    if (ordinal !== 0) this.ordinals ??= new Array<number>(index).fill(0);
    this.ordinals?.push(ordinal);
  }

  #digest(end: number, ordinal: number): string {
    this.#scratch.writeUInt32LE(ordinal, hashBytes);
    return hash128(new Uint8Array(this.#scratch.buffer, this.#scratch.byteOffset, end));
  }

  #room(size: number): void {
    if (size <= this.#scratch.length) return;
    const grown = Buffer.allocUnsafe(Math.max(size, 2 * this.#scratch.length));
    this.#scratch.copy(grown, 0, 0, this.#prefixEnd);
    this.#scratch = grown;
  }
}
