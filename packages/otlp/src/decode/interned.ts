/**
 * The strings of one message, made once each: attribute names and many values repeat, and to find
 * one again costs a fifth of making it. Direct-mapped: a collision only makes a string once more.
 */
const slots = 256;
const bytesMax = 64;

export class Interned {
  readonly #bytes: Uint8Array;
  readonly #make: (start: number, end: number) => string;
  readonly #starts = new Int32Array(slots);
  readonly #texts: string[] = new Array<string>(slots).fill('');
  readonly #lengths = new Int32Array(slots);

  /** `make` builds the string that `bytes` hold from `start` to `end`. */
  constructor(bytes: Uint8Array, make: (start: number, end: number) => string) {
    this.#bytes = bytes;
    this.#make = make;
  }

  text(start: number, end: number): string {
    const bytes = this.#bytes;
    const length = end - start;
    if (length > bytesMax) return this.#make(start, end);
    if (length === 0) return '';
    const first = bytes[start] as number;
    const middle = bytes[start + (length >> 1)] as number;
    const last = bytes[end - 1] as number;
    const slot = (length * 7 + first * 3 + middle * 31 + last * 73) & (slots - 1);
    if (this.#lengths[slot] === length && this.#equal(this.#starts[slot] as number, start, end)) {
      return this.#texts[slot] as string;
    }
    const text = this.#make(start, end);
    this.#starts[slot] = start;
    this.#lengths[slot] = length;
    this.#texts[slot] = text;
    return text;
  }

  #equal(known: number, start: number, end: number): boolean {
    const bytes = this.#bytes;
    const shift = known - start;
    for (let at = start; at < end; at++) if (bytes[at + shift] !== bytes[at]) return false;
    return true;
  }
}
