/**
 * Repeatable chance: the same seed gives the same numbers.
 * Source: sfc32 of PractRand (Chris Doty-Humphrey), a 128-bit state.
 */
export class Random {
  #a: number;
  #b = 0x9e3779b9;
  #c = 0x243f6a88;
  #counter = 1;

  constructor(seed: number) {
    this.#a = seed | 0;
    this.#b ^= Math.trunc(seed / 2 ** 32) | 0;
    // PractRand's own warm-up: after it, near seeds are far apart.
    for (let round = 0; round < 12; round++) this.uint32();
  }

  uint32(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum;
    this.#c |= 0;
    return sum >>> 0;
  }

  /** From 0 to below 1. */
  unit(): number {
    return this.uint32() / 2 ** 32;
  }

  /** A whole number from 0 to below `limit`. */
  below(limit: number): number {
    return Math.floor(this.unit() * limit);
  }

  between(min: number, max: number): number {
    return min + this.unit() * (max - min);
  }

  chance(probability: number): boolean {
    return this.unit() < probability;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T;
  }

  /** Log-normal, as latencies are: half lie below `median`; `spread` 0.5 is calm, 1 is wild. */
  latency(median: number, spread = 0.5): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.unit()));
    return median * Math.exp(spread * radius * Math.cos(2 * Math.PI * this.unit()));
  }

  /** `digits` a multiple of 8; never all zero, which would be an invalid id. */
  hexId(digits: number): string {
    let text = '';
    while (text.length < digits) text += this.uint32().toString(16).padStart(8, '0');
    return /[^0]/.test(text) ? text : this.hexId(digits);
  }
}
