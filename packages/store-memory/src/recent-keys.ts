/** Slots of a table start here and double while it fills. */
const slotsMin = 256;
const loadMax = 0.7;
const generationsMax = 3;

export interface RecentKeysOptions {
  /** A key is remembered at least two thirds of this, and at most all of it. */
  windowMs: number;
  /** Keys per third of the window; when more come, the oldest third is forgotten early. */
  keysMax: number;
  clock: () => number;
}

/**
 * Which record keys came in the last minutes. 64 bits of each key in open-addressing tables of 8
 * bytes a slot: a Set of strings would cost ten times as much. Two different keys of a window of
 * millions agree in these bits with a chance below 1 in 10^6.
 */
export class RecentKeys {
  readonly #options: RecentKeysOptions;
  #generations: Table[] = [];
  #startedMs = 0;
  #cutShort = 0;

  constructor(options: RecentKeysOptions) {
    this.#options = options;
  }

  /** How often the window was cut short because too many keys came. */
  get cutShort(): number {
    return this.#cutShort;
  }

  get bytes(): number {
    return this.#generations.reduce((sum, table) => sum + table.bytes, 0);
  }

  /** Forgets the oldest third: its memory is needed. */
  giveWay(): void {
    if (this.#generations.pop()) this.#cutShort++;
  }

  /** True the first time; the key is 32 hex digits. */
  add(key: string): boolean {
    this.#turn();
    const high = Number.parseInt(key.slice(0, 8), 16);
    // 0 in both halves marks a free slot.
    const low = Number.parseInt(key.slice(8, 16), 16) || 1;
    if (this.#generations.some((table) => table.has(high, low))) return false;
    this.#generations[0]?.add(high, low);
    return true;
  }

  /** After a long silence nothing of what is kept is recent. */
  expire(): void {
    const silentMs = this.#options.clock() - this.#startedMs;
    if (silentMs >= this.#options.windowMs) this.#generations = [];
  }

  #turn(): void {
    const nowMs = this.#options.clock();
    const current = this.#generations[0];
    const isFull = current !== undefined && current.size >= this.#options.keysMax;
    const generationMs = this.#options.windowMs / generationsMax;
    if (current && !isFull && nowMs - this.#startedMs < generationMs) return;
    if (isFull) this.#cutShort++;
    this.expire();
    this.#generations = [new Table(), ...this.#generations.slice(0, generationsMax - 1)];
    this.#startedMs = nowMs;
  }
}

class Table {
  #slots = new Uint32Array(slotsMin * 2);
  size = 0;

  get bytes(): number {
    return this.#slots.byteLength;
  }

  has(high: number, low: number): boolean {
    return this.#slots[this.#find(high, low) + 1] !== 0;
  }

  add(high: number, low: number): void {
    if (this.size >= (this.#slots.length / 2) * loadMax) this.#grow();
    const at = this.#find(high, low);
    this.#slots[at] = high;
    this.#slots[at + 1] = low;
    this.size++;
  }

  /** Finds the slot of the key, or the free slot where it would go. */
  #find(high: number, low: number): number {
    const mask = this.#slots.length / 2 - 1;
    for (let slot = (high ^ low) & mask; ; slot = (slot + 1) & mask) {
      const at = slot * 2;
      const isFree = this.#slots[at + 1] === 0;
      if (isFree || (this.#slots[at] === high && this.#slots[at + 1] === low)) return at;
    }
  }

  #grow(): void {
    const old = this.#slots;
    this.#slots = new Uint32Array(old.length * 2);
    for (let at = 0; at < old.length; at += 2) {
      const low = old[at + 1] as number;
      if (low === 0) continue;
      const to = this.#find(old[at] as number, low);
      this.#slots[to] = old[at] as number;
      this.#slots[to + 1] = low;
    }
  }
}
