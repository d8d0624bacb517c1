import type { Broker } from '@spillway/broker';
import type { Census, CensusPlace } from './census.ts';
import { bytesOf, type DeadLetter, readDeadLetter } from './dead-letter.ts';
import { type DeadLetterFilter, matches } from './dead-letter-filter.ts';

export interface OldestFirstOptions {
  broker: Pick<Broker, 'read'>;
  census: Census;
  filter: DeadLetterFilter;
  /** Bytes of memory for those that are read ahead. */
  bytesMax: number;
  ending?: AbortSignal | undefined;
}

/**
 * The dead letters that were counted, each once, in the order in which they became one. Of each
 * partition a page is in memory, however many there are.
 */
export async function* oldestFirst(options: OldestFirstOptions): AsyncGenerator<DeadLetter> {
  const { places } = options.census;
  const pageBytes = options.bytesMax / Math.max(1, places.length);
  const all = places.map((place) => new Pages(options, place, pageBytes));
  for (;;) {
    for (const pages of all) if (!pages.first) await pages.turn();
    const oldest = all.reduce<Pages | undefined>((before, pages) => {
      const isOlder = pages.first && !(before && before.sinceMs <= pages.sinceMs);
      return isOlder ? pages : before;
    }, undefined);
    const deadLetter = oldest?.take();
    if (!deadLetter) return;
    yield deadLetter;
  }
}

const readBytesMax = 128 * 1_024;

/** Those of one partition, in its order. */
class Pages {
  readonly #options: OldestFirstOptions;
  readonly #place: CensusPlace;
  readonly #pageBytes: number;
  readonly #end: number;
  #position = 0;
  #page: DeadLetter[] = [];
  #taken = 0;

  constructor(options: OldestFirstOptions, place: CensusPlace, pageBytes: number) {
    this.#options = options;
    this.#place = place;
    this.#pageBytes = pageBytes;
    this.#end = place.next;
  }

  /** The next one, which stays; undefined behind the last of a page. */
  get first(): DeadLetter | undefined {
    return this.#page[this.#taken];
  }

  get sinceMs(): number {
    return this.first?.deadSinceMs ?? Number.POSITIVE_INFINITY;
  }

  take(): DeadLetter | undefined {
    return this.#page[this.#taken++];
  }

  /** To the next page; behind the last one there is nothing more. */
  async turn(): Promise<void> {
    this.#page = [];
    this.#taken = 0;
    if (this.#position >= this.#end) return;
    const { broker, census, filter, ending } = this.#options;
    const from = { ...this.#place, position: this.#position };
    const limits = { bytesMax: Math.min(readBytesMax, this.#pageBytes), valueBytesMax: 0 };
    let bytes = 0;
    for await (const message of broker.read(from, {
      ...limits,
      ...(ending && { abort: ending }),
    })) {
      if (message.position >= this.#end) break;
      this.#position = message.position + 1;
      const deadLetter = census.isRepeated(message) ? undefined : readDeadLetter(message);
      if (!deadLetter) continue;
      deadLetter.resubmitted = census.isResubmitted(message);
      if (!matches(deadLetter, filter)) continue;
      this.#page.push(deadLetter);
      bytes += bytesOf(deadLetter);
      if (bytes >= this.#pageBytes) return;
    }
    this.#position = this.#end;
  }
}
