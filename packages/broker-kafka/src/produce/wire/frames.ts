/** Answers are a few hundred bytes; a length beyond this is not Kafka's protocol. */
const frameBytesMax = 16 * 1024 * 1024;

/** Cuts a stream into frames that carry their length in front; a frame comes with its length. */
export class Frames {
  #rest: Buffer = Buffer.alloc(0);

  /** Throws when the stream cannot be Kafka's. */
  *push(chunk: Buffer): Generator<Buffer> {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    while (this.#rest.length >= 4) {
      const length = this.#rest.readInt32BE(0);
      if (length < 4 || length > frameBytesMax) {
        throw new Error(`A frame of ${length} bytes is not Kafka's; does the broker expect TLS?`);
      }
      if (this.#rest.length < 4 + length) return;
      const frame = this.#rest.subarray(0, 4 + length);
      this.#rest = this.#rest.subarray(4 + length);
      yield frame;
    }
  }
}
