/** 64 bits in groups of 7. */
const varintBytesMax = 10;

/** Reads Kafka's types (https://kafka.apache.org/protocol, Protocol Primitive Types) in turn. */
export class Cursor {
  readonly bytes: Buffer;
  at: number;

  constructor(bytes: Buffer, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }

  uint8(): number {
    return this.bytes.readUInt8(this.#step(1));
  }

  int8(): number {
    return this.bytes.readInt8(this.#step(1));
  }

  int16(): number {
    return this.bytes.readInt16BE(this.#step(2));
  }

  int32(): number {
    return this.bytes.readInt32BE(this.#step(4));
  }

  uint32(): number {
    return this.bytes.readUInt32BE(this.#step(4));
  }

  /** Exact up to 2^53, which positions and times do not reach. */
  int64(): number {
    const at = this.#step(8);
    return this.bytes.readInt32BE(at) * 0x1_0000_0000 + this.bytes.readUInt32BE(at + 4);
  }

  unsignedVarint(): number {
    let value = 0;
    let scale = 1;
    for (let read = 0; read < varintBytesMax; read += 1) {
      const byte = this.uint8();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 0x80;
    }
    throw new RangeError(`A number of more than ${varintBytesMax} bytes`);
  }

  varint(): number {
    const value = this.unsignedVarint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  /** A view, not a copy. */
  take(length: number): Buffer {
    const at = this.#step(length);
    return this.bytes.subarray(at, this.at);
  }

  text(length: number): string {
    const at = this.#step(length);
    return this.bytes.toString('utf8', at, this.at);
  }

  /** Calls `read` for each element of a compact array; a null one has none. */
  array(read: () => void): void {
    for (let left = this.unsignedVarint() - 1; left > 0; left -= 1) read();
  }

  skipTags(): void {
    for (let left = this.unsignedVarint(); left > 0; left -= 1) {
      this.unsignedVarint();
      this.take(this.unsignedVarint());
    }
  }

  skip(length: number): void {
    this.#step(length);
  }

  /** Whoever wrote the bytes may have written any length. */
  #step(length: number): number {
    const at = this.at;
    const end = at + length;
    if (length < 0) throw new RangeError(`A length of ${length} at byte ${at}`);
    if (end > this.bytes.length) throw new RangeError(`Byte ${end} of ${this.bytes.length}`);
    this.at = end;
    return at;
  }
}
