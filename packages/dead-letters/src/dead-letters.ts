import {
  type Broker,
  type DeliveredMessage,
  deadLetterHeaders,
  deadLetterTopicOf,
  type Position,
} from '@spillway/broker';
import { type Signal, signals } from '@spillway/otlp';
import { messageOf, sleep } from '@spillway/resilience';
import { type Asked, ownRoom } from '@spillway/store';
import { weigh } from '@spillway/store/search';
import { type DeadLetter, readDeadLetter } from './dead-letter.ts';
import { type DeadLetterFilter, matches } from './dead-letter-filter.ts';
import { DeadLetterIndex, type NewestDeadLetters } from './dead-letter-index.ts';
import {
  marker,
  placeOf,
  type ReadableRecords,
  readable,
  resubmission,
} from './dead-letter-messages.ts';

/** Options of sending dead letters back. */
export interface ResubmitOptions {
  /** Dead letters a second, at most; default `resubmitPerSecond`. */
  ratePerSecond?: number;
  /** Ends it between two dead letters. */
  abort: AbortSignal;
  onProgress?: (done: number) => void;
}

/**
 * Dead letters a second by default: few enough to leave stores and brokers room for what is new.
 */
export const resubmitPerSecond = 50;
/** Most dead letters of one signal that a list reads; those behind them are left out. */
export const deadLettersListedMax = 100_000;
/** Bytes that are decoded between two turns of the event loop. */
const readBytesMax = 128 * 1024;

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
  #showing: Promise<unknown> = Promise.resolve();

  /** @param indexBytesMax bytes for the newest ones of all tenants together; 16 MiB by default */
  constructor(broker: Broker, indexBytesMax?: number) {
    this.#broker = broker;
    this.#index = new DeadLetterIndex(broker, { bytesMax: indexBytesMax });
  }

  /**
   * Lists dead letters, newest last; one per message, group and code, however often it was
   * redelivered. Reads all that the topics hold, so it serves the operator of the process alone.
   * Ends at `ending` with its reason.
   */
  async list(filter: DeadLetterFilter = {}, ending?: AbortSignal): Promise<DeadLetter[]> {
    const deadLetters: DeadLetter[] = [];
    for (const signal of signals) {
      if (filter.signal && filter.signal !== signal) continue;
      for (const deadLetter of await this.#ofSignal(signal, ending)) deadLetters.push(deadLetter);
    }
    return deadLetters
      .filter((deadLetter) => matches(deadLetter, filter))
      .sort((a, b) => a.deadSinceMs - b.deadSinceMs);
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
   * @returns the ids sent
   */
  async resubmit(ids: readonly string[], options: ResubmitOptions): Promise<string[]> {
    const { ratePerSecond = resubmitPerSecond, abort, onProgress } = options;
    const known = await this.#index.findAll(ids, abort);
    const deadLetters = known.size === new Set(ids).size ? known : await this.#byId(ids, abort);
    const sent: string[] = [];
    for (const deadLetter of deadLetters.values()) {
      if (!deadLetter.hasBody || deadLetter.resubmitted) continue;
      if (sent.length && !(await sleep(1_000 / ratePerSecond, abort))) break;
      const place = placeOf(deadLetter.id);
      const message = place && (await this.#read(place));
      // Retention took it meanwhile, or it is larger than a message may be.
      if (!message || message.fault !== undefined) continue;
      try {
        await this.#publish(resubmission(deadLetter, message));
        await this.#publish(marker(deadLetter, message));
      } catch (error) {
        throw new Error(`${messageOf(error)}; ${sent.length} dead letters went before it`);
      }
      sent.push(deadLetter.id);
      onProgress?.(sent.length);
    }
    return sent;
  }

  async #publish(message: Parameters<Broker['publish']>[0][number]): Promise<void> {
    const [outcome] = await this.#broker.publish([message]);
    if (outcome?.status !== 'durable') {
      throw new Error(`not resubmitted: ${outcome?.message ?? 'no outcome'}`);
    }
  }

  /** Those of the ids that there are, in their order: one pass over each topic that they name. */
  async #byId(ids: readonly string[], ending: AbortSignal): Promise<Map<string, DeadLetter>> {
    const named = new Set(ids.map((id) => id.split('/')[0]));
    const deadLetters = new Map<string, DeadLetter>();
    for (const signal of signals) {
      if (!named.has(signal)) continue;
      for (const deadLetter of await this.#ofSignal(signal, ending))
        deadLetters.set(deadLetter.id, deadLetter);
    }
    const found = new Map<string, DeadLetter>();
    for (const id of ids) {
      const deadLetter = deadLetters.get(id);
      if (deadLetter) found.set(id, deadLetter);
    }
    return found;
  }

  async #ofSignal(signal: Signal, ending?: AbortSignal): Promise<DeadLetter[]> {
    const byIdentity = new Map<string, DeadLetter>();
    const byId = new Map<string, DeadLetter>();
    for await (const message of this.#messages(signal, ending)) {
      const resubmitted = message.headers[deadLetterHeaders.resubmitted];
      if (resubmitted !== undefined) {
        const deadLetter = byId.get(`${signal}/${message.partition}/${resubmitted}`);
        if (deadLetter) deadLetter.resubmitted = true;
        continue;
      }
      const deadLetter = readDeadLetter(message);
      if (!deadLetter) continue;
      const identity = JSON.stringify([
        deadLetter.sourceId,
        deadLetter.group,
        deadLetter.code,
        deadLetter.part,
      ]);
      // The first one stays: a marker points at the dead letter that was listed.
      if (byIdentity.has(identity)) continue;
      byIdentity.set(identity, deadLetter);
      byId.set(deadLetter.id, deadLetter);
      if (byIdentity.size >= deadLettersListedMax) break;
    }
    return [...byIdentity.values()];
  }

  async *#messages(signal: Signal, ending?: AbortSignal): AsyncIterable<DeliveredMessage> {
    const wanted = { bytesMax: readBytesMax, valueBytesMax: 0 };
    const options = { ...wanted, ...(ending && { abort: ending }) };
    const topic = deadLetterTopicOf[signal];
    const partitions = await this.#partitionsOf(topic);
    for (let partition = 0; partition < partitions; partition++) {
      yield* this.#broker.read({ topic, partition, position: 0 }, options);
    }
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
