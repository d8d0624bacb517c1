import type { TopicPartition } from '@spillway/broker';
import { type Item, type Origin, Stretch } from './stretch.ts';

/** The waiting messages of one partition, in order. Knows their places, not their bytes. */
export class Queue {
  readonly partition: TopicPartition;
  #stretches: Stretch[] = [];
  #nextOrdinal: number;
  /** Ordinal after the last that was ever put in. */
  #end: number;
  /** Those before it are handed out, or done. */
  #handedTo = 0;
  /** Grows with every release: a hand-out of before it is void. */
  releases = 0;
  messages = 0;
  bytes = 0;

  /** `doneTo`: those with smaller ordinals are on the broker. */
  constructor(partition: TopicPartition, doneTo: number) {
    this.partition = partition;
    this.#nextOrdinal = doneTo;
    this.#end = doneTo;
  }

  /** For a message about to be appended. */
  takeOrdinal(): number {
    this.#nextOrdinal += 1;
    return this.#nextOrdinal - 1;
  }

  /** Ordinals ascend. */
  push(item: Item): void {
    if (!this.#stretches.at(-1)?.add(item)) this.#stretches.push(new Stretch(item));
    this.#end = item.ordinal + 1;
    this.#nextOrdinal = Math.max(this.#nextOrdinal, this.#end);
    this.messages += 1;
    this.bytes += item.payloadBytes;
  }

  /** Every message with a smaller ordinal is done, and no other is waiting below it. */
  get doneTo(): number {
    return this.#stretches[0]?.waitingFrom ?? this.#end;
  }

  get end(): number {
    return this.#end;
  }

  get oldest(): Item | undefined {
    return this.#stretches[0]?.at(this.doneTo);
  }

  /** The smallest sequence in the journal that is still needed. */
  get oldestSequence(): number {
    let oldest = Number.POSITIVE_INFINITY;
    for (const stretch of this.#stretches) {
      oldest = Math.min(oldest, stretch.at(stretch.waitingFrom)?.sequence ?? oldest);
    }
    return oldest;
  }

  *waiting(from = 0): Generator<Item> {
    for (const stretch of this.#stretches) {
      for (let at = Math.max(from, stretch.waitingFrom); at < stretch.end; at += 1) {
        const item = stretch.at(at);
        if (item !== undefined) yield item;
      }
    }
  }

  /** Hands out the next ones, up to about `bytesMax`; one that is larger comes alone. */
  take(bytesMax: number): Item[] {
    const taken: Item[] = [];
    let bytes = 0;
    for (const item of this.waiting(this.#handedTo)) {
      bytes += item.payloadBytes;
      if (bytes > bytesMax && taken.length > 0) break;
      taken.push(item);
      this.#handedTo = item.ordinal + 1;
    }
    return taken;
  }

  /** What was taken from this ordinal on is handed out again. */
  rewind(ordinal: number): void {
    this.#handedTo = Math.min(this.#handedTo, ordinal);
  }

  release(): void {
    this.releases += 1;
    this.#handedTo = 0;
  }

  /** Undefined when no such message is waiting. */
  find(origin: Origin, messageSequence: number): Item | undefined {
    for (const stretch of this.#stretches) {
      if (stretch.origin !== origin) continue;
      const ordinal = stretch.find(messageSequence);
      if (ordinal !== undefined) return stretch.at(ordinal);
    }
    return undefined;
  }

  isWaiting(ordinal: number): boolean {
    return this.#stretchOf(ordinal)?.at(ordinal) !== undefined;
  }

  /** It is on the broker, or lost. It must be waiting. */
  remove(item: Item): void {
    this.#stretchOf(item.ordinal)?.markDone(item.ordinal);
    this.messages -= 1;
    this.bytes -= item.payloadBytes;
    while (isDone(this.#stretches[0])) this.#stretches.shift();
  }

  #stretchOf(ordinal: number): Stretch | undefined {
    return this.#stretches.find(({ first, end }) => ordinal >= first && ordinal < end);
  }
}

function isDone(stretch: Stretch | undefined): boolean {
  return stretch !== undefined && stretch.waitingFrom === stretch.end;
}
