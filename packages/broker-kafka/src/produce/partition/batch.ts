import type { OutgoingMessage, TopicPartition } from '@spillway/broker';
import {
  batchHeadBytes,
  encodeRecords,
  type RecordSize,
  type Records,
  recordFrameBytesMax,
} from '../wire/record-batch.ts';
import type { BatchOutcome, ProducerBatch } from './producer-batch.ts';

/** A message of a publish, and where its outcome goes. */
export interface Item {
  readonly index: number;
  readonly message: OutgoingMessage;
  readonly size: RecordSize;
}

export interface BatchOptions {
  place: TopicPartition;
  items: readonly Item[];
  timestampMs: number;
  deadlineMs: number;
  onSettled: (batch: Batch, outcome: BatchOutcome) => void;
}

/** Messages of one publish to one partition, settled together. */
export class Batch implements ProducerBatch<Batch> {
  readonly items: readonly Item[];
  readonly place: TopicPartition;
  deadlineMs: number;
  readonly #options: BatchOptions;
  #records: Records | undefined;

  constructor(options: BatchOptions) {
    this.#options = options;
    this.items = options.items;
    this.place = options.place;
    this.deadlineMs = options.deadlineMs;
  }

  get count(): number {
    return this.items.length;
  }

  /** Encoded when first sent, then kept: a retry is the same bytes. */
  get records(): Records {
    this.#records ??= encodeRecords(
      this.items.map(({ message }) => message),
      this.items.map(({ size }) => size),
      this.#options.timestampMs,
    );
    return this.#records;
  }

  settle(outcome: BatchOutcome): void {
    this.#options.onSettled(this, outcome);
  }

  halves(): readonly Batch[] {
    const middle = this.items.length >> 1;
    return [this.items.slice(0, middle), this.items.slice(middle)].map(
      (items) => new Batch({ ...this.#options, items, deadlineMs: this.deadlineMs }),
    );
  }
}

/** Computes the most bytes that a batch of this record alone may have. */
export function bytesAlone({ body }: RecordSize): number {
  return batchHeadBytes + bytesAmong(body);
}

/** Cuts one partition's items, in order, so that no batch exceeds `batchBytesMax`. */
export function cutItems(items: readonly Item[], batchBytesMax: number): Item[][] {
  const groups: Item[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const item of items) {
    const more = bytesAmong(item.size.body);
    if (bytes + more > batchBytesMax) {
      groups.push([]);
      bytes = batchHeadBytes;
    }
    groups.at(-1)?.push(item);
    bytes += more;
  }
  return groups;
}

function bytesAmong(body: number): number {
  return body + recordFrameBytesMax;
}
