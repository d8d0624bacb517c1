import type { DecodedSlice, RequestReader, SliceLimits } from '@spillway/otlp';
import type { DecodedMessage, MessageOutcome } from '@spillway/store';
import { Refusals } from '../dead-letters/refusals.ts';

/** A message that is handed over in parts: no more of it is decoded than the part in flight. */
export class LargeMessage {
  readonly #reader: RequestReader;
  readonly #limits: SliceLimits;
  readonly #common: Pick<DecodedMessage, 'envelope' | 'signal' | 'position'>;
  readonly refusals = new Refusals();
  /** Counts of the parts that the store took. */
  readonly counts = { stored: 0, duplicates: 0, deadLettered: 0 };
  #part: DecodedMessage | undefined;
  /** That the part in flight takes in memory, estimated; 0 between two parts. */
  bytes = 0;
  /** Parts that the store took. */
  taken = 0;

  constructor(
    reader: RequestReader,
    options: {
      /** Its first records. */
      slice: DecodedSlice;
      limits: SliceLimits;
      common: Pick<DecodedMessage, 'envelope' | 'signal' | 'position'>;
    },
  ) {
    this.#reader = reader;
    this.#limits = options.limits;
    this.#common = options.common;
    this.#part = this.#partOf(options.slice);
  }

  get isDone(): boolean {
    return this.#part === undefined && this.#reader.isDone;
  }

  /** The part to be handed over now; the same one until it is taken. */
  get part(): DecodedMessage {
    this.#part ??= this.#partOf(this.#reader.next(this.#limits));
    return this.#part;
  }

  take(outcome: MessageOutcome): void {
    const { part } = this;
    this.refusals.add(part, outcome);
    this.#count(part, outcome);
  }

  /** Nothing of the part in flight can be stored, and its dead letters are written. */
  refuse(part: DecodedMessage): void {
    this.#count(part, { records: [] });
  }

  #partOf({ from, to, records, broken, bytes }: DecodedSlice): DecodedMessage {
    this.bytes = bytes;
    const part = { from, to, total: this.#reader.total, before: { ...this.counts } };
    return { ...this.#common, records, broken, part };
  }

  #count({ broken }: DecodedMessage, { records }: MessageOutcome): void {
    this.#part = undefined;
    this.bytes = 0;
    this.taken += 1;
    this.counts.deadLettered += broken.length;
    for (const { status } of records) {
      if (status === 'stored') this.counts.stored += 1;
      else if (status === 'duplicate') this.counts.duplicates += 1;
      else this.counts.deadLettered += 1;
    }
  }
}
