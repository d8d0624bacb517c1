import type { Broker, DeliveredMessage, Position } from '@spillway/broker';
import { type Signal, signals } from '@spillway/otlp';
import { messageOf, sleep } from '@spillway/resilience';
import { type Asked, ownRoom } from '@spillway/store';
import { FairQueue, weigh } from '@spillway/store/search';
import { Census } from './census.ts';
import { type DeadLetter, readDeadLetter } from './dead-letter.ts';
import type { DeadLetterFilter } from './dead-letter-filter.ts';
import { DeadLetterIndex, type NewestDeadLetters } from './dead-letter-index.ts';
import {
  marker,
  placeOf,
  type ReadableRecords,
  readable,
  resubmission,
} from './dead-letter-messages.ts';
import { oldestFirst } from './oldest-first.ts';

/** Options of sending dead letters back. */
export interface ResubmitOptions {
  /** Dead letters a second, at most; default `resubmitPerSecond`. */
  ratePerSecond?: number;
  /** Ends it between two dead letters. */
  abort: AbortSignal;
}

/** What the dead letters may take of the memory of their process. */
export interface DeadLettersOptions {
  /** For the newest ones, of all tenants together; default 16 MiB. */
  indexBytesMax?: number | undefined;
  /** For whoever reads all of them; default 64 MiB. */
  readBytesMax?: number | undefined;
  /** Where whoever counts them all waits for others who do; by default for none. */
  turns?: FairQueue | undefined;
}

/**
 * Dead letters a second by default: few enough to leave stores and brokers room for what is new.
 */
export const resubmitPerSecond = 50;
const readBytesDefault = 64 * 1_048_576;
/** The count, while it is taken; behind it, what is read ahead. */
const [shareOfCensus, shareOfPages] = [3 / 4, 1 / 16];
/** How many are sent back before it is looked up what others sent back meanwhile. */
const sentPerLook = 100;

interface ShowOptions extends Asked {
  /** Only a dead letter of this tenant is shown; one of any tenant where it is absent. */
  tenant?: string | undefined;
}

/** A dead letter with its records, in a form that people can read. */
export interface ShownDeadLetter extends ReadableRecords {
  deadLetter: DeadLetter;
}

/** Lists, shows and resubmits what no sink could take, from the topics that the broker keeps. */
export class DeadLetters {
  readonly #broker: Broker;
  readonly #index: DeadLetterIndex;
  readonly #readBytesMax: number;
  readonly #turns: FairQueue;
  #showing: Promise<unknown> = Promise.resolve();

  constructor(broker: Broker, options: DeadLettersOptions = {}) {
    const { indexBytesMax, readBytesMax = readBytesDefault, turns } = options;
    this.#broker = broker;
    this.#index = new DeadLetterIndex(broker, { bytesMax: indexBytesMax });
    this.#readBytesMax = readBytesMax;
    this.#turns = turns ?? new FairQueue({ slots: 1, waitingMax: 16 });
  }

  /**
   * Newest last; one per message, group and code, however often it was redelivered. Reads all that
   * the topics hold, a page at a time: for who owns the process. Ends at `ending` with its reason.
   */
  async *list(filter: DeadLetterFilter = {}, ending?: AbortSignal): AsyncGenerator<DeadLetter> {
    const census = await this.#count(filter.signal && [filter.signal], ending);
    yield* this.#counted(census, filter, ending);
  }

  /**
   * Lists the newest ones, newest first; a process keeps a bounded number of them for its clients.
   */
  newest(filter: DeadLetterFilter = {}, ending?: AbortSignal): Promise<NewestDeadLetters> {
    return this.#index.newest(filter, ending);
  }

  /**
   * Reads one dead letter with its records as OTLP/JSON (base64 when even that cannot be read);
   * undefined where there is none. Whether it was resubmitted is known only of those that `newest`
   * holds; an older one always says that it was not. One at a time is read, since each may be as
   * large as a message. Throws `too-much-asked`.
   */
  async show(id: string, asked: ShowOptions = {}): Promise<ShownDeadLetter | undefined> {
    const place = placeOf(id);
    if (!place) return undefined;
    const shown = this.#showing.then(() => {
      asked.ending?.throwIfAborted();
      return this.#show(place, asked);
    });
    this.#showing = shown.catch(() => undefined);
    const found = await shown;
    if (!found) return undefined;
    const known = (await this.#index.findAll([id], asked.ending)).get(id);
    return { ...found, deadLetter: known ?? found.deadLetter };
  }

  async #show(
    place: Position,
    { tenant, ending, room = ownRoom() }: ShowOptions,
  ): Promise<ShownDeadLetter | undefined> {
    const message = await this.#read(place, ending);
    const deadLetter = message && readDeadLetter(message);
    if (!message || !deadLetter || (tenant !== undefined && deadLetter.tenant !== tenant))
      return undefined;
    const shown = readable(deadLetter.signal, message.value);
    await room.take(weigh(shown.body));
    return { deadLetter: deadLetter, ...shown };
  }

  /**
   * Sends the dead letters back to the group that refused them, at their own minute, and marks them.
   * A crash between the two sends a dead letter again: its identity is its place, so it counts once.
   * Yields the id of each that went.
   */
  async *resubmit(ids: readonly string[], options: ResubmitOptions): AsyncGenerator<string> {
    const { abort } = options;
    const known = await this.#index.findAll(ids, abort);
    const isKnown = known.size === new Set(ids).size;
    yield* this.#send(isKnown ? known.values() : this.#byId(ids, abort), options);
  }

  /**
   * Sends back all that the filter chooses, the oldest first, however many there are; what becomes a
   * dead letter meanwhile is left for the next time. Yields the id of each that went.
   * @param onCount called before the first goes, with how many there are to send
   */
  async *resubmitAll(
    filter: Omit<DeadLetterFilter, 'all'>,
    options: ResubmitOptions & { onCount?: (total: number) => void },
  ): AsyncGenerator<string> {
    const { abort, onCount } = options;
    const census = await this.#count(filter.signal && [filter.signal], abort);
    let total = 0;
    for await (const { hasBody } of this.#counted(census, filter, abort)) if (hasBody) total++;
    onCount?.(total);
    yield* this.#send(this.#unsent(census, filter, abort), options);
  }

  /** What another process or the console sends back meanwhile is not sent again. */
  async *#unsent(census: Census, filter: DeadLetterFilter, abort: AbortSignal) {
    let looks = 0;
    for await (const deadLetter of this.#counted(census, filter, abort)) {
      if (looks++ % sentPerLook === 0) await census.follow(abort);
      const place = placeOf(deadLetter.id);
      if (place && !census.isResubmitted(place)) yield deadLetter;
    }
  }

  async *#send(
    deadLetters: Iterable<DeadLetter> | AsyncIterable<DeadLetter>,
    { ratePerSecond = resubmitPerSecond, abort }: ResubmitOptions,
  ): AsyncGenerator<string> {
    let sent = 0;
    for await (const deadLetter of deadLetters) {
      if (!deadLetter.hasBody || deadLetter.resubmitted) continue;
      if (sent > 0 && !(await sleep(1_000 / ratePerSecond, abort))) return;
      const place = placeOf(deadLetter.id);
      const message = place && (await this.#read(place));
      // Retention took it meanwhile, or it is larger than a message may be.
      if (!message || message.fault !== undefined) continue;
      try {
        await this.#publish(resubmission(deadLetter, message));
        await this.#publish(marker(deadLetter, message));
      } catch (error) {
        throw new Error(`${messageOf(error)}; ${sent} dead letters went before it`);
      }
      sent++;
      yield deadLetter.id;
    }
  }

  async #publish(message: Parameters<Broker['publish']>[0][number]): Promise<void> {
    const [outcome] = await this.#broker.publish([message]);
    if (outcome?.status !== 'durable') {
      throw new Error(`not resubmitted: ${outcome?.message ?? 'no outcome'}`);
    }
  }

  /** Those of the ids that there are, in their order. */
  async *#byId(ids: readonly string[], ending: AbortSignal): AsyncGenerator<DeadLetter> {
    const named = new Set(ids.map((id) => id.split('/')[0]));
    const wanted = signals.filter((signal) => named.has(signal));
    const census = await this.#count(wanted, ending);
    for (const id of new Set(ids)) {
      const place = placeOf(id);
      if (!place || census.isRepeated(place) || census.isResubmitted(place)) continue;
      const message = await this.#read(place, ending);
      const deadLetter = message && readDeadLetter(message);
      if (deadLetter) yield deadLetter;
    }
  }

  async #count(
    wanted: readonly Signal[] | undefined,
    ending: AbortSignal | undefined,
  ): Promise<Census> {
    const leave = await this.#turns.enter('dead letters', ending);
    const bytesMax = this.#readBytesMax * shareOfCensus;
    return await Census.take(this.#broker, { signals: wanted, bytesMax, ending }).finally(leave);
  }

  #counted(
    census: Census,
    filter: DeadLetterFilter,
    ending: AbortSignal | undefined,
  ): AsyncIterable<DeadLetter> {
    const bytesMax = this.#readBytesMax * shareOfPages;
    return oldestFirst({ broker: this.#broker, census, filter, bytesMax, ending });
  }

  async #read(place: Position, ending?: AbortSignal): Promise<DeliveredMessage | undefined> {
    const partitions = await this.#partitionsOf(place.topic);
    if (place.partition >= partitions) return undefined;
    const options = { bytesMax: 1, ...(ending && { abort: ending }) };
    for await (const message of this.#broker.read(place, options)) {
      return message.position === place.position ? message : undefined;
    }
    return undefined;
  }

  async #partitionsOf(topic: string): Promise<number> {
    return (await this.#broker.topics()).find(({ name }) => name === topic)?.partitions ?? 0;
  }
}
