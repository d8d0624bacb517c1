/** A buffer of bytes that come piece by piece; pieces are joined only where a read spans two. */
export class Pieces {
  #held: Buffer[] = [];
  #bytes = 0;
  #skipped = 0;

  push(piece: Buffer): void {
    const skipped = Math.min(this.#skipped, piece.length);
    this.#skipped -= skipped;
    if (skipped === piece.length) return;
    this.#held.push(piece.subarray(skipped));
    this.#bytes += piece.length - skipped;
  }

  /** The next bytes, fewer where no more have come; they stay. */
  peek(length: number): Buffer {
    const [first] = this.#held;
    if (first && first.length >= length) return first.subarray(0, length);
    const joined: Buffer[] = [];
    let bytes = 0;
    for (const piece of this.#held) {
      if (bytes >= length) break;
      joined.push(piece);
      bytes += piece.length;
    }
    return Buffer.concat(joined).subarray(0, length);
  }

  /**
   * Takes `length` bytes behind `skipped` others, all of which go; undefined, and all stay, before
   * they came.
   */
  take(skipped: number, length: number): Buffer | undefined {
    if (this.#bytes < skipped + length) return undefined;
    const [first] = this.#held;
    if (!first || first.length < skipped + length) this.#held = [Buffer.concat(this.#held)];
    const [whole] = this.#held as [Buffer];
    this.skip(skipped + length);
    return whole.subarray(skipped, skipped + length);
  }

  /** Also of those that have not come yet. */
  skip(length: number): void {
    let left = length;
    while (left > 0) {
      const first = this.#held.shift();
      if (!first) break;
      const rest = first.subarray(Math.min(left, first.length));
      this.#bytes -= first.length - rest.length;
      left -= first.length - rest.length;
      if (rest.length > 0) this.#held.unshift(rest);
    }
    this.#skipped += left;
  }
}
