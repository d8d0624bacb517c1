import { HashTable, NameHasher } from './hash-table.ts';

const slotBytes = 8;
/** The rest is for what moves from one table to the next. */
const shareOfTable = 0.5;
/** What stays of a range of hashes that turns out to be too wide. */
const keptShare = 0.75;
const end = 2 ** 32;

/**
 * Says of names whether they came before, in bounded memory: where there is no room for all of them
 * it looks at a range of their hashes only, and the others are for another pass over the same names.
 */
export class SeenNames {
  readonly #hasher = new NameHasher();
  readonly #table = new HashTable();
  readonly #slotsMax: number;
  #from = 0;
  #to = end;

  constructor(bytesMax: number) {
    const slots = Math.max(this.#table.slots, (bytesMax * shareOfTable) / slotBytes);
    this.#slotsMax = 2 ** Math.floor(Math.log2(slots));
  }

  /** Whether every name was in the range of this pass, or of one before it. */
  get isDone(): boolean {
    return this.#to === end;
  }

  /** Goes on with the names that no pass has looked at so far: they all come again. */
  nextPass(): void {
    const width = this.#to - this.#from;
    this.#from = this.#to;
    this.#to = Math.min(end, this.#from + width);
    this.#table.clear();
  }

  /** Whether the name came before in this pass; false for one that another pass looks at. */
  isRepeated(name: string): boolean {
    const hash = this.#hasher.of(name);
    if (hash.high < this.#from || hash.high >= this.#to) return false;
    const isNew = this.#table.add(hash);
    if (this.#table.isFull) this.#makeRoom();
    return !isNew;
  }

  #makeRoom(): void {
    const { slots } = this.#table;
    if (slots < this.#slotsMax) {
      this.#table.resize(2 * slots);
      return;
    }
    this.#to = this.#from + Math.ceil((this.#to - this.#from) * keptShare);
    this.#table.resize(slots, this.#to);
  }
}
