import { HashTable, NameHasher } from './hash-table.ts';

/** A set of names at 8 to 22 bytes each. */
export class NameSet {
  readonly #hasher = new NameHasher();
  readonly #table = new HashTable();

  /** Bytes of memory. */
  get bytes(): number {
    return this.#table.bytes;
  }

  add(name: string): void {
    this.#table.add(this.#hasher.of(name));
    if (this.#table.isFull) this.#table.resize(2 * this.#table.slots);
  }

  has(name: string): boolean {
    return this.#table.has(this.#hasher.of(name));
  }
}
