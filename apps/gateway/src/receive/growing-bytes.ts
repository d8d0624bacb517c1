import type { Refusal } from '../model/refusal.ts';

export interface GrowingBytesOptions {
  /**
   * Bytes that were announced, if they were: all of the memory is taken at once when a quarter is
   * there.
   */
  expected?: number | undefined;
  /** The caller pushes no more than this. */
  bytesMax: number;
  /** Asks for memory before it is taken. */
  grow: (bytes: number) => Refusal | undefined;
  shrink: (bytes: number) => void;
}

/** A buffer of our own is at least this large. */
const smallestBytes = 4096;
const piecesOfAnySize = 1000;
const pieceBytesMin = 64;
/** What is announced counts from here on; until then it is only a word. */
const trustedShare = 4;

/**
 * Bytes that come in pieces, as one buffer whose memory follows what is there and not what was
 * announced. One piece stays where it lies, which costs nothing; more are copied together, so that
 * pieces of one byte cost a byte each and not an object.
 */
export class GrowingBytes {
  readonly #options: GrowingBytesOptions;
  #buffer: Uint8Array = new Uint8Array();
  /** Whether the buffer may be written to. */
  #isOwn = false;
  #length = 0;
  #pieces = 0;

  constructor(options: GrowingBytesOptions) {
    this.#options = options;
  }

  get length(): number {
    return this.#length;
  }

  /** It came in very many and very small pieces: each costs its reader as much as a large one. */
  get isCrumbled(): boolean {
    return this.#pieces > piecesOfAnySize && this.#length < this.#pieces * pieceBytesMin;
  }

  /** Memory that was asked for and is held. */
  get heldBytes(): number {
    return this.#buffer.length;
  }

  /** The piece is given up to it. After a refusal nothing has changed. */
  push(piece: Uint8Array): Refusal | undefined {
    if (piece.length === 0) return undefined;
    if (this.#length === 0 && piece.length * 2 >= piece.buffer.byteLength) {
      const refused = this.#options.grow(piece.length);
      if (refused) return refused;
      this.#buffer = piece;
    } else {
      const refused = this.#reserve(this.#length + piece.length);
      if (refused) return refused;
      this.#buffer.set(piece, this.#length);
    }
    this.#length += piece.length;
    this.#pieces += 1;
    return undefined;
  }

  /** All that has come, in order. */
  bytes(): Uint8Array {
    return this.#buffer.length === this.#length
      ? this.#buffer
      : this.#buffer.subarray(0, this.#length);
  }

  #reserve(bytes: number): Refusal | undefined {
    if (this.#isOwn && bytes <= this.#buffer.length) return undefined;
    const { grow, shrink } = this.#options;
    const capacity = this.#capacityFor(bytes);
    const refused = grow(capacity);
    if (refused) return refused;
    const larger = Buffer.allocUnsafeSlow(capacity);
    larger.set(this.bytes());
    shrink(this.#buffer.length);
    this.#buffer = larger;
    this.#isOwn = true;
    return undefined;
  }

  #capacityFor(bytes: number): number {
    const { expected, bytesMax } = this.#options;
    const isExpected = expected !== undefined && bytes <= expected && expected <= bytesMax;
    if (isExpected && bytes * trustedShare >= expected) return expected;
    const doubled = Math.min(bytes * 2, isExpected ? expected : bytesMax);
    return Math.max(smallestBytes, bytes, doubled);
  }
}
