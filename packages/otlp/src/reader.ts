/**
 * Reads the protobuf wire format. `limit` is the end of the message being read: no read passes it.
 * Source: https://protobuf.dev/programming-guides/encoding/
 */

import { Interned } from './decode/interned.ts';
import { recordValuesMax, tooManyValues } from './decode/record-cost.ts';
import { WireError } from './errors.ts';

export const wireVarint = 0;
export const wireFixed64 = 1;
export const wireBytes = 2;
export const wireFixed32 = 5;

/** A varint holds 64 bits in groups of 7: an eleventh byte is malformed. */
const varintBytesMax = 10;

export class Reader {
  readonly bytes: Uint8Array;
  readonly #buffer: Buffer;
  readonly #view: DataView;
  #interned: Interned | undefined;
  pos = 0;
  limit: number;
  /** Counted by `value` since whoever reads a record set it to 0. */
  values = 0;
  /** Halves of the last 64-bit varint. */
  #low = 0;
  #high = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.#buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.limit = bytes.length;
  }

  get more(): boolean {
    return this.pos < this.limit;
  }

  /** Reads a length, and makes what it covers the message being read. Gives the outer limit. */
  enter(): number {
    const length = this.length();
    const outer = this.limit;
    this.limit = this.pos + length;
    return outer;
  }

  leave(outer: number): void {
    this.pos = this.limit;
    this.limit = outer;
  }

  /** Field number and wire type as on the wire: `field << 3 | wire`. */
  tag(): number {
    const at = this.pos;
    const byte = this.bytes[at] as number;
    let tag = byte;
    if (byte < 0x80 && at < this.limit) this.pos = at + 1;
    else {
      tag = this.varint();
      if (tag > 0xffff_ffff) this.fail('field number out of range', at);
    }
    if (tag < 8) this.fail('field number 0', at);
    return tag;
  }

  /** Counts a value that is about to be built. */
  value(): void {
    if (++this.values > recordValuesMax) tooManyValues();
  }

  /** The length of what follows, which is all inside the limit. */
  length(): number {
    const at = this.pos;
    const length = this.varint();
    const remaining = this.limit - this.pos;
    if (length > remaining) {
      this.fail(`length ${length} exceeds the remaining ${remaining} bytes`, at);
    }
    return length;
  }

  skip(tag: number): void {
    switch (tag & 7) {
      case wireVarint:
        this.varint();
        break;
      case wireFixed64:
        this.#take(8);
        break;
      case wireBytes: {
        // Not `pos += length()`: the left side would be read before `length` moves it.
        const length = this.length();
        this.pos += length;
        break;
      }
      case wireFixed32:
        this.#take(4);
        break;
      default:
        this.fail(`field ${tag >>> 3} has wire type ${tag & 7}`, this.pos - 1);
    }
  }

  /** Reads a varint as a number: exact to 2^53, which covers every length and 32-bit value. */
  varint(): number {
    const byte = this.bytes[this.pos] as number;
    if (byte < 0x80 && this.pos < this.limit) {
      this.pos++;
      return byte;
    }
    this.#varint64();
    return this.#high * 0x1_0000_0000 + this.#low;
  }

  /** uint32, and bits of int32: higher bits are dropped, as every protobuf library does. */
  uint32(): number {
    const byte = this.bytes[this.pos] as number;
    if (byte < 0x80 && this.pos < this.limit) {
      this.pos++;
      return byte;
    }
    this.#varint64();
    return this.#low;
  }

  int32(): number {
    return this.uint32() | 0;
  }

  sint32(): number {
    const bits = this.uint32();
    return (bits >>> 1) ^ -(bits & 1);
  }

  bool(): boolean {
    this.#varint64();
    return (this.#low | this.#high) !== 0;
  }

  uint64(): bigint {
    this.#varint64();
    if (this.#high === 0) return BigInt(this.#low);
    return (BigInt(this.#high) << 32n) | BigInt(this.#low);
  }

  /** int64 as a decimal string. */
  int64Text(): string {
    this.#varint64();
    // Inside ±2^53 the sum is exact, and a number's text costs a tenth of a bigint's.
    const high = this.#high | 0;
    if (high >= -0x20_0000 && high < 0x20_0000) return String(high * 0x1_0000_0000 + this.#low);
    return String((BigInt(high) << 32n) | BigInt(this.#low));
  }

  fixed32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  fixed64(): bigint {
    return this.#view.getBigUint64(this.#take(8), true);
  }

  sfixed64(): bigint {
    return this.#view.getBigInt64(this.#take(8), true);
  }

  double(): number {
    return this.#view.getFloat64(this.#take(8), true);
  }

  /** A view of the input, not a copy. */
  blob(): Uint8Array {
    const length = this.length();
    const start = this.pos;
    this.pos = start + length;
    return this.slice(start, this.pos);
  }

  slice(start: number, end: number): Uint8Array {
    return new Uint8Array(this.bytes.buffer, this.bytes.byteOffset + start, end - start);
  }

  /** Bytes that are not UTF-8 become U+FFFD. */
  string(): string {
    const length = this.length();
    const start = this.pos;
    this.pos = start + length;
    this.#interned ??= new Interned(this.bytes, (from, to) => {
      return this.#buffer.toString('utf8', from, to);
    });
    return this.#interned.text(start, this.pos);
  }

  hex(): string {
    const length = this.length();
    const start = this.pos;
    this.pos = start + length;
    return this.#buffer.toString('hex', start, this.pos);
  }

  base64(): string {
    const length = this.length();
    const start = this.pos;
    this.pos = start + length;
    return this.#buffer.toString('base64', start, this.pos);
  }

  fail(reason: string, offset: number): never {
    throw new WireError(reason, offset);
  }

  #take(size: number): number {
    const at = this.pos;
    const remaining = this.limit - at;
    if (size > remaining) this.fail(`${size} bytes wanted, ${remaining} remain`, at);
    this.pos = at + size;
    return at;
  }

  #varint64(): void {
    const { bytes, limit, pos: start } = this;
    let low = 0;
    let high = 0;
    for (let at = start; at < limit; at++) {
      const byte = bytes[at] as number;
      const group = at - start;
      if (group < 4) low |= (byte & 0x7f) << (7 * group);
      else if (group === 4) {
        low |= (byte & 0x0f) << 28;
        high = (byte & 0x7f) >> 4;
      } else high |= (byte & 0x7f) << (7 * group - 32);
      if (byte < 0x80) {
        this.pos = at + 1;
        this.#low = low >>> 0;
        this.#high = high >>> 0;
        return;
      }
      if (group === varintBytesMax - 1) this.fail('varint longer than 10 bytes', start);
    }
    this.fail('varint ends early', start);
  }
}
