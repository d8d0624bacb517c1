/** Writes the protobuf wire format into one growing buffer. */
import { wireBytes, wireFixed32, wireFixed64, wireVarint } from './reader.ts';

const startBytes = 1024;
/** Bytes of a varint of 64 bits. */
const varintBytesMax = 10;

const notHex = 0x80;
/** Values of hexadecimal digits by character code. */
const hexValues = Uint8Array.from({ length: 256 }, (_, code) => {
  const value = '0123456789abcdef'.indexOf(String.fromCharCode(code).toLowerCase());
  return value < 0 ? notHex : value;
});

export class Writer {
  #buffer: Buffer;
  #view: DataView;
  pos = 0;

  constructor(sizeHint = startBytes) {
    // Not from the pool: the result may be kept long, and would keep its neighbours.
    this.#buffer = Buffer.allocUnsafeSlow(Math.max(sizeHint, 16));
    this.#view = viewOf(this.#buffer);
  }

  /** A view of what was written, good until something else is. */
  finish(): Uint8Array {
    return new Uint8Array(this.#buffer.buffer, 0, this.pos);
  }

  tag(field: number, wire: number): void {
    this.varint(field * 8 + wire);
  }

  /** Starts a message field. Its length is not known yet: one byte is kept for it. */
  open(field: number): number {
    this.tag(field, wireBytes);
    this.#room(1);
    this.pos += 1;
    return this.pos;
  }

  /** Ends the message that `open` started at `mark`; one of 128 bytes or more moves up. */
  close(mark: number): void {
    const length = this.pos - mark;
    const extra = varintSize(length) - 1;
    // Before going back: a buffer that grows keeps only what is in front of `pos`.
    this.#room(varintBytesMax);
    if (extra > 0) this.#buffer.copyWithin(mark + extra, mark, this.pos);
    this.pos = mark - 1;
    this.varint(length);
    this.pos += length;
  }

  /** From 0 to 2^53. */
  varint(value: number): void {
    this.#room(varintBytesMax);
    let rest = value;
    while (rest >= 0x80) {
      this.#buffer[this.pos++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#buffer[this.pos++] = rest;
  }

  /** 64 bits given as unsigned halves. */
  varint64(low: number, high: number): void {
    this.#room(varintBytesMax);
    let [lowRest, highRest] = [low >>> 0, high >>> 0];
    while (highRest !== 0 || lowRest >= 0x80) {
      this.#buffer[this.pos++] = (lowRest & 0x7f) | 0x80;
      lowRest = ((lowRest >>> 7) | (highRest << 25)) >>> 0;
      highRest >>>= 7;
    }
    this.#buffer[this.pos++] = lowRest;
  }

  fixed32Bits(value: number): void {
    this.#room(4);
    this.#view.setUint32(this.pos, value, true);
    this.pos += 4;
  }

  doubleBits(value: number): void {
    this.#room(8);
    this.#view.setFloat64(this.pos, value, true);
    this.pos += 8;
  }

  bigint(value: bigint): void {
    this.varint64(Number(value & 0xffff_ffffn), Number((value >> 32n) & 0xffff_ffffn));
  }

  fixed64Bits(value: bigint): void {
    this.#room(8);
    this.#view.setBigUint64(this.pos, BigInt.asUintN(64, value), true);
    this.pos += 8;
  }

  // Fields whose default is not written, as proto3 has it.

  uint32Field(field: number, value: number): void {
    if (value === 0) return;
    this.tag(field, wireVarint);
    this.varint(value);
  }

  /** Enum values and int32: negative ones take ten bytes. */
  int32Field(field: number, value: number): void {
    if (value === 0) return;
    this.tag(field, wireVarint);
    this.varint64(value, value < 0 ? 0xffff_ffff : 0);
  }

  fixed32Field(field: number, value: number): void {
    if (value === 0) return;
    this.tag(field, wireFixed32);
    this.fixed32Bits(value);
  }

  fixed64Field(field: number, value: bigint): void {
    if (value === 0n) return;
    this.tag(field, wireFixed64);
    this.fixed64Bits(value);
  }

  stringField(field: number, value: string): void {
    if (value !== '') this.textField(field, value, 'utf8');
  }

  /** Written also when empty. `encoding` says what the text stands for. */
  textField(field: number, value: string, encoding: 'utf8' | 'hex' | 'base64'): void {
    const length = Buffer.byteLength(value, encoding);
    this.tag(field, wireBytes);
    this.varint(length);
    this.#room(length);
    this.pos += this.#buffer.write(value, this.pos, length, encoding);
  }

  bytesField(field: number, value: Uint8Array): void {
    this.tag(field, wireBytes);
    this.varint(value.length);
    this.raw(value);
  }

  /** Writes like `bytesField` the `bytes` from `start` to `end`, for a few bytes. */
  shortField(field: number, bytes: Uint8Array, start: number, end: number): void {
    this.tag(field, wireBytes);
    this.varint(end - start);
    this.#room(end - start);
    for (let at = start; at < end; at++) this.#buffer[this.pos++] = bytes[at] as number;
  }

  /** The bytes that hex digits from `start` to `end` of `text` stand for; false if not hex. */
  hexField(field: number, text: Uint8Array, start: number, end: number): boolean {
    const length = (end - start) >>> 1;
    this.tag(field, wireBytes);
    this.varint(length);
    this.#room(length);
    let wrong = (end - start) & 1;
    for (let at = start; at + 1 < end; at += 2) {
      const high = hexValues[text[at] as number] as number;
      const low = hexValues[text[at + 1] as number] as number;
      wrong |= (high | low) & notHex;
      this.#buffer[this.pos++] = (high << 4) | low;
    }
    return wrong === 0;
  }

  raw(value: Uint8Array): void {
    this.#room(value.length);
    this.#buffer.set(value, this.pos);
    this.pos += value.length;
  }

  #room(size: number): void {
    const wanted = this.pos + size;
    if (wanted <= this.#buffer.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(wanted, this.#buffer.length * 2));
    this.#buffer.copy(grown, 0, 0, this.pos);
    this.#buffer = grown;
    this.#view = viewOf(grown);
  }
}

export function varintSize(value: number): number {
  let size = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) size++;
  return size;
}

function viewOf(buffer: Buffer): DataView {
  return new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}
