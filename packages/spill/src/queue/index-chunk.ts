/**
 * What is known in memory of waiting messages: 20 bytes each, in a table of numbers relative to the
 * first of the stretch. A stretch has one accepting gateway and no gap in its ordinals.
 */
import type { EntryPlace } from '@spillway/journal';

/** The origin of a message, shared by all that came from there. */
export interface Origin {
  gateway: string;
  epoch: number;
}

export interface Item extends EntryPlace {
  ordinal: number;
  origin: Origin;
  /** Given by the accepting gateway. */
  messageSequence: number;
  receivedMs: number;
}

/** What a message says of itself. */
export type Identity = Pick<Item, 'origin' | 'messageSequence' | 'receivedMs'>;

const fields = 5;
const capacityMin = 16;
const capacityMax = 4096;
/** Bytes of one chunk in memory, beside its table. */
const stretchBytes = 400;
/** How far a later message's numbers may lie below the first one's. */
const slack = 2 ** 16;
const u32Max = 0xffffffff;

export class IndexChunk {
  readonly origin: Origin;
  /** Ordinal of the first. */
  readonly first: number;
  readonly #sequenceBase: number;
  readonly #messageBase: number;
  readonly #receivedBase: number;
  #messageMax: number;
  /** No message has a smaller sequence than the one before it, or the same. */
  #isAscending = true;
  #table = new Uint32Array(fields * capacityMin);
  #count = 0;
  /** All before it are done. */
  #head = 0;

  constructor(item: Item) {
    this.origin = item.origin;
    this.first = item.ordinal;
    this.#sequenceBase = item.sequence;
    this.#messageBase = item.messageSequence - slack;
    this.#receivedBase = item.receivedMs - slack;
    this.#messageMax = slack;
    this.add(item);
  }

  /** In memory. */
  get bytes(): number {
    return stretchBytes + this.#table.byteLength;
  }

  /** Ordinal after the last. */
  get end(): number {
    return this.first + this.#count;
  }

  /** Ordinal of the first that is not done; `end` when all are. */
  get waitingFrom(): number {
    return this.first + this.#head;
  }

  /** False when it does not belong here. */
  add(item: Item): boolean {
    const sequence = item.sequence - this.#sequenceBase;
    const message = item.messageSequence - this.#messageBase;
    const received = item.receivedMs - this.#receivedBase;
    const belongs = item.origin === this.origin && item.ordinal === this.end;
    const fits = isU32(sequence) && isU32(message) && isU32(received);
    if (!belongs || !fits || this.#count === capacityMax) return false;
    const at = this.#count * fields;
    if (at === this.#table.length) this.#grow();
    this.#table[at] = sequence;
    this.#table[at + 1] = item.offset;
    this.#table[at + 2] = item.payloadBytes;
    this.#table[at + 3] = message;
    this.#table[at + 4] = received;
    if (this.#count > 0 && message <= this.#messageMax) this.#isAscending = false;
    this.#messageMax = Math.max(this.#messageMax, message);
    this.#count += 1;
    return true;
  }

  /** Undefined when it is done. The ordinal must lie in the stretch. */
  at(ordinal: number): Item | undefined {
    const at = (ordinal - this.first) * fields;
    const payloadBytes = this.#table[at + 2] as number;
    if (payloadBytes === 0) return undefined;
    return {
      ordinal,
      payloadBytes,
      origin: this.origin,
      sequence: this.#sequenceBase + (this.#table[at] as number),
      offset: this.#table[at + 1] as number,
      messageSequence: this.#messageBase + (this.#table[at + 3] as number),
      receivedMs: this.#receivedBase + (this.#table[at + 4] as number),
    };
  }

  /** Ordinal of the first with that message sequence that is not done. */
  find(messageSequence: number): number | undefined {
    const wanted = messageSequence - this.#messageBase;
    if (wanted < 0 || wanted > this.#messageMax) return undefined;
    // Mostly without gaps.
    const guess = wanted - slack;
    if (this.#isAscending && guess >= 0 && this.#isWaiting(guess, wanted)) {
      return this.first + guess;
    }
    for (let i = this.#head; i < this.#count; i += 1) {
      if (this.#isWaiting(i, wanted)) return this.first + i;
    }
    return undefined;
  }

  markDone(ordinal: number): void {
    this.#table[(ordinal - this.first) * fields + 2] = 0;
    while (this.#head < this.#count && this.#table[this.#head * fields + 2] === 0) this.#head += 1;
  }

  #isWaiting(index: number, message: number): boolean {
    const at = index * fields;
    if (index >= this.#count) return false;
    return this.#table[at + 3] === message && this.#table[at + 2] !== 0;
  }

  #grow(): void {
    const larger = new Uint32Array(this.#table.length * 2);
    larger.set(this.#table);
    this.#table = larger;
  }
}

function isU32(number: number): boolean {
  return number >= 0 && number <= u32Max;
}
