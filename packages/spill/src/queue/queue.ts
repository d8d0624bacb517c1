import type { TopicPartition } from '@spillway/broker';
import { entryHeaderBytes, gapBytesMax } from '@spillway/journal';
import { IndexChunk, type Item, type Origin } from './index-chunk.ts';

/** The waiting messages of one partition, in order. Knows their places, not their bytes. */
export class Queue {
  readonly partition: TopicPartition;
  #stretches: IndexChunk[] = [];
  #nextOrdinal: number;
  /** Ordinal after the last that was ever put in. */
  #end: number;
  /** Those before it are handed out, or done. */
  #handedTo = 0;
  /** Grows with every release: a hand-out of before it is void. */
  releases = 0;
  messages = 0;
  bytes = 0;
  /** Bytes of memory for what is known of the messages. */
  indexBytes = 0;

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
    const last = this.#stretches.at(-1);
    const before = last?.bytes ?? 0;
    if (last?.add(item)) this.indexBytes += last.bytes - before;
    else {
      const stretch = new IndexChunk(item);
      this.#stretches.push(stretch);
      this.indexBytes += stretch.bytes;
    }
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
    const { items } = this.#next(bytesMax);
    const last = items.at(-1);
    if (last) this.#handedTo = last.ordinal + 1;
    return items;
  }

  /** In memory, of what `take` would hand out when it is read: with what lies between. */
  peek(bytesMax: number): number {
    return this.#next(bytesMax).bytes;
  }

  #next(bytesMax: number): { items: Item[]; bytes: number } {
    const items: Item[] = [];
    let [bytes, end] = [0, 0];
    for (const item of this.waiting(this.#handedTo)) {
      const gap = item.offset - end;
      const readOver = items.length > 0 && gap >= 0 && gap <= gapBytesMax ? gap : 0;
      const more = readOver + entryHeaderBytes + item.payloadBytes;
      if (bytes + more > bytesMax && items.length > 0) break;
      bytes += more;
      end = item.offset + entryHeaderBytes + item.payloadBytes;
      items.push(item);
    }
    return { items, bytes };
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
    while (isDone(this.#stretches[0])) this.indexBytes -= this.#stretches.shift()?.bytes ?? 0;
  }

  #stretchOf(ordinal: number): IndexChunk | undefined {
    return this.#stretches.find(({ first, end }) => ordinal >= first && ordinal < end);
  }
}

function isDone(stretch: IndexChunk | undefined): boolean {
  return stretch !== undefined && stretch.waitingFrom === stretch.end;
}
