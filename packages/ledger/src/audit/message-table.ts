import type { MessageId } from '@spillway/broker';
import { isInPart, type MessageRange } from '../facts.ts';
import type { Bucket } from '../report.ts';
import { sourceOf } from './spill-index.ts';

/** Where and when a message was seen. */
export interface SeenMessage {
  id: MessageId;
  minute: number;
  records: number;
  /** Where it lies, as its reader means that. */
  position?: number | undefined;
}

/** What many messages have in common. */
export type Owner = Pick<Bucket, 'tenant' | 'signal'>;

type Lane = Omit<MessageId, 'sequence'>;

const rowsPerChunk = 128;
/** Sequence and position; lane, owner, minute and records. */
export const messageRowBytes = 2 * 8 + 4 * 4;
/** What a name takes beside its characters, with its value. */
const nameBytes = 300;

/**
 * Many sightings at 32 bytes each, where objects would take some 400. Texts are kept once, and
 * counted.
 */
export class MessageTable<O extends Owner> {
  readonly #lanes = new Names<Lane>();
  readonly #owners = new Names<O>();
  readonly #chunks: Chunk[] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Bytes of memory that it takes. */
  get bytes(): number {
    const names = this.#lanes.bytes + this.#owners.bytes;
    return this.#chunks.length * rowsPerChunk * messageRowBytes + names;
  }

  /** @param ownerName the same for all messages that have the same owner */
  push({ id, minute, records, position }: SeenMessage, owner: O, ownerName: string): void {
    const at = this.#length % rowsPerChunk;
    if (at === 0) this.#chunks.push(new Chunk());
    const chunk = this.#chunks.at(-1) as Chunk;
    const { sequence, ...lane } = id;
    chunk.numbers[2 * at] = sequence;
    chunk.numbers[2 * at + 1] = position ?? Number.NaN;
    const rest = [this.#lanes.add(sourceOf(lane), lane), this.#owners.add(ownerName, owner)];
    chunk.rest.set([...rest, minute, records], 4 * at);
    chunk.firstMinute = Math.min(chunk.firstMinute, minute);
    chunk.lastMinute = Math.max(chunk.lastMinute, minute);
    this.#length += 1;
  }

  /** Those of the range, in the order in which they came. */
  *in(range: MessageRange): Generator<SeenMessage & O> {
    let rows = this.#length;
    for (const chunk of this.#chunks) {
      const own = Math.min(rows, rowsPerChunk);
      rows -= own;
      if (chunk.lastMinute < range.fromMinute || chunk.firstMinute >= range.toMinute) continue;
      for (let at = 0; at < own; at++) {
        const seen = this.#at(chunk, at, range);
        if (seen) yield seen;
      }
    }
  }

  #at(
    { numbers, rest }: Chunk,
    at: number,
    { fromMinute, toMinute, part, tenant }: MessageRange,
  ): (SeenMessage & O) | undefined {
    const minute = rest[4 * at + 2] as number;
    const sequence = numbers[2 * at] as number;
    if (minute < fromMinute || minute >= toMinute || !isInPart(sequence, part)) return undefined;
    const owner = this.#owners.at(rest[4 * at + 1] as number);
    if (tenant !== undefined && tenant !== owner.tenant) return undefined;
    const id = { ...this.#lanes.at(rest[4 * at] as number), sequence };
    const records = rest[4 * at + 3] as number;
    const position = numbers[2 * at + 1] as number;
    return {
      ...owner,
      id,
      minute,
      records,
      position: Number.isNaN(position) ? undefined : position,
    };
  }
}

class Chunk {
  readonly numbers = new Float64Array(rowsPerChunk * 2);
  readonly rest = new Int32Array(rowsPerChunk * 4);
  firstMinute = Number.POSITIVE_INFINITY;
  lastMinute = Number.NEGATIVE_INFINITY;
}

/** Each value once, by its number. */
class Names<T> {
  readonly #numbers = new Map<string, number>();
  readonly #values: T[] = [];
  bytes = 0;

  add(name: string, value: T): number {
    let number = this.#numbers.get(name);
    if (number === undefined) {
      number = this.#values.push(value) - 1;
      this.#numbers.set(name, number);
      this.bytes += nameBytes + 2 * name.length;
    }
    return number;
  }

  at(number: number): T {
    return this.#values[number] as T;
  }
}
