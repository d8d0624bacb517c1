import { hash, randomBytes } from 'node:crypto';

/** 64 bits of a hash; never both 0. */
export interface Hash {
  high: number;
  low: number;
}

/**
 * Hashes names with a key of its own, so that no sender can make two names that are taken for one. Of a
 * million names two are once in 40 million.
 */
export class NameHasher {
  readonly #key = randomBytes(16).toString('hex');

  of(name: string): Hash {
    const bytes = hash('sha256', this.#key + name, 'buffer');
    return { high: bytes.readUInt32LE(0), low: bytes.readUInt32LE(4) || 1 };
  }
}

const slotsFirst = 256;
const fullShare = 0.75;

/** Hashes at 8 bytes each, in a table that is never more than three quarters full. */
export class HashTable {
  /** High and low half of each; a free slot has no low half. */
  #slots: Uint32Array;
  #size = 0;

  constructor(slots = slotsFirst) {
    this.#slots = new Uint32Array(2 * slots);
  }

  /** A power of two. */
  get slots(): number {
    return this.#slots.length / 2;
  }

  /** Bytes of memory. */
  get bytes(): number {
    return this.#slots.byteLength;
  }

  get isFull(): boolean {
    return this.#size > this.slots * fullShare;
  }

  has(wanted: Hash): boolean {
    return this.#slots[2 * this.#find(wanted) + 1] !== 0;
  }

  /** False where it is there already. */
  add(added: Hash): boolean {
    const slot = this.#find(added);
    if (this.#slots[2 * slot + 1] !== 0) return false;
    this.#slots[2 * slot] = added.high;
    this.#slots[2 * slot + 1] = added.low;
    this.#size += 1;
    return true;
  }

  clear(): void {
    this.#slots.fill(0);
    this.#size = 0;
  }

  /** Moves to so many slots, with those whose high half is below `highEnd`. */
  resize(slots: number, highEnd = 2 ** 32): void {
    const kept = this.#below(highEnd);
    if (slots === this.slots) this.#slots.fill(0);
    else this.#slots = new Uint32Array(2 * slots);
    this.#size = 0;
    for (let at = 0; at < kept.length; at += 2) {
      this.add({ high: kept[at] as number, low: kept[at + 1] as number });
    }
  }

  #below(highEnd: number): Uint32Array {
    const kept = new Uint32Array(2 * this.#size);
    let length = 0;
    for (let at = 0; at < this.#slots.length; at += 2) {
      const [high = 0, low = 0] = [this.#slots[at], this.#slots[at + 1]];
      if (low === 0 || high >= highEnd) continue;
      kept[length++] = high;
      kept[length++] = low;
    }
    return kept.subarray(0, length);
  }

  /** Where it is, or where it would go. */
  #find({ high, low }: Hash): number {
    const mask = this.slots - 1;
    let slot = low & mask;
    while (this.#slots[2 * slot + 1] !== 0) {
      if (this.#slots[2 * slot] === high && this.#slots[2 * slot + 1] === low) break;
      slot = (slot + 1) & mask;
    }
    return slot;
  }
}
