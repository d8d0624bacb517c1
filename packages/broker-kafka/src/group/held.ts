import type { CommittedOffset, FetchedRecord } from '../client.ts';

/** A partition that this member holds, and what was read ahead of it. */
export class Held {
  readonly topic: string;
  readonly partition: number;
  /** The next position to ask a broker for; undefined until it is known where the group begins. */
  fetchAt: number | undefined;
  /** The position that was asked for and is not kept; `fetchAt` is unknown then. */
  outOfRange: number | undefined;
  paused = false;
  /** Held, but given up soon: no longer polled. */
  revoking = false;
  /** A request for it is under way. */
  fetching = false;
  /** Messages that retention removed before this group read them, since it exists. */
  expired: number;
  bytes = 0;
  /** Grows whenever what is under way must not be delivered any more. */
  turn = 0;
  #buffer: FetchedRecord[] = [];
  #first = 0;
  #sought = false;
  #lastTaken: number | undefined;

  constructor(topic: string, partition: number, committed: CommittedOffset | undefined) {
    this.topic = topic;
    this.partition = partition;
    this.fetchAt = committed?.position;
    this.expired = expiredOf(committed?.metadata);
  }

  get isPolled(): boolean {
    return !this.paused && !this.revoking;
  }

  get isEmpty(): boolean {
    return this.#first === this.#buffer.length;
  }

  push(records: readonly FetchedRecord[], next: number): void {
    for (const record of records) {
      this.#buffer.push(record);
      this.bytes += record.bytes;
    }
    this.fetchAt = next;
  }

  /** The next record, if it has one of at most `bytesMax`; or of any size. */
  take(bytesMax: number): FetchedRecord | undefined {
    const record = this.#buffer[this.#first];
    if (record === undefined || record.bytes > bytesMax) return undefined;
    this.#first += 1;
    this.bytes -= record.bytes;
    this.#lastTaken = record.position;
    if (this.isEmpty) this.#drop();
    return record;
  }

  seek(position: number): void {
    this.#drop();
    this.turn += 1;
    this.fetchAt = position;
    this.#sought = true;
    this.#lastTaken = undefined;
  }

  /**
   * Begins between `start` and `end`; answers how many messages retention took from it. A committed
   * position behind the end means another log than before: it is read from its start.
   */
  begin(start: number, end: number): number {
    const wanted = this.outOfRange;
    this.outOfRange = undefined;
    this.fetchAt = this.#sought && wanted !== undefined && wanted > end ? end : start;
    const skipped = wanted === undefined ? 0 : Math.max(0, start - wanted);
    this.expired += skipped;
    return skipped;
  }

  /** Held up without a bound, so nothing is kept for it. */
  pause(): void {
    this.paused = true;
    const next = this.#buffer[this.#first];
    if (next === undefined) return;
    this.#drop();
    this.turn += 1;
    this.fetchAt = next.position;
  }

  /**
   * The next position to read when everything up to `position` is done. Behind the last one there
   * may be control records, which would be waiting for ever.
   */
  after(position: number): CommittedOffset {
    const isLast = position === this.#lastTaken && this.isEmpty && this.fetchAt !== undefined;
    const next = isLast ? (this.fetchAt as number) : position + 1;
    const { topic, partition, expired } = this;
    return { topic, partition, position: next, metadata: metadataOf(expired) };
  }

  #drop(): void {
    this.#buffer = [];
    this.#first = 0;
    this.bytes = 0;
  }
}

/** Kafka keeps a note with each committed position: what the group never read. */
export function metadataOf(expired: number): string {
  return expired > 0 ? `expired=${expired}` : '';
}

export function expiredOf(metadata: string | undefined): number {
  return Number(/^expired=(\d+)$/.exec(metadata ?? '')?.[1] ?? 0);
}
