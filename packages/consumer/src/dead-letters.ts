import {
  type Broker,
  type DeliveredMessage,
  deadLetterTopicOf,
  type Headers,
  headerNames,
  letterHeaders,
  type Position,
  resubmitGateway,
  topicOf,
} from '@spillway/broker';
import { protobufToJson, protobufToJsonCost, type Signal, signals } from '@spillway/otlp';
import { wait } from '@spillway/resilience';
import { type AnswerRoom, type Asked, ownRoom } from '@spillway/store';
import { weigh } from '@spillway/store/search';
import { type DeadLetter, readLetter } from './dead-letter.ts';
import { type DeadLetterFilter, matches } from './letter-filter.ts';
import { LetterIndex, type NewestLetters } from './letter-index.ts';

export interface ResubmitOptions {
  /** Letters a second, at most; default `resubmitPerSecond`. */
  ratePerSecond?: number;
  /** Ends it between two letters. */
  signal: AbortSignal;
  onProgress?: (done: number) => void;
}

/** So many letters a second leave stores and brokers room for what is new. */
export const resubmitPerSecond = 50;
/** Of one signal; those behind them are not looked at. */
export const lettersListedMax = 100_000;
/** Decoded between two turns of the event loop. */
const readBytesMax = 128 * 1024;

/** Lists, shows and resubmits what no sink could take, from the topics that the broker keeps. */
export class DeadLetters {
  readonly #broker: Broker;
  readonly #index: LetterIndex;

  /** @param indexBytesMax for the newest ones, of all tenants together; see `letterIndexBudget` */
  constructor(broker: Broker, indexBytesMax?: number) {
    this.#broker = broker;
    this.#index = new LetterIndex(broker, { bytesMax: indexBytesMax });
  }

  /**
   * Newest last; one per message, group and code, however often it was redelivered. Reads all that
   * the topics hold: for who owns the process. Ends at `ending` with its reason.
   */
  async list(filter: DeadLetterFilter = {}, ending?: AbortSignal): Promise<DeadLetter[]> {
    const letters: DeadLetter[] = [];
    for (const signal of signals) {
      if (filter.signal && filter.signal !== signal) continue;
      for (const letter of await this.#ofSignal(signal, ending)) letters.push(letter);
    }
    return letters
      .filter((letter) => matches(letter, filter))
      .sort((a, b) => a.deadSinceMs - b.deadSinceMs);
  }

  /** The newest ones, of which a process keeps a bounded number: for anyone who may ask. */
  newest(filter: DeadLetterFilter = {}, ending?: AbortSignal): Promise<NewestLetters> {
    return this.#index.newest(filter, ending);
  }

  /**
   * The letter with its records as OTLP/JSON (base64 when that cannot be made of them, or would take
   * more than there is room for). Of one that is older than those that `newest` knows it is not told
   * whether it was resubmitted. Throws `TooMuchAskedError`.
   */
  async show(
    id: string,
    { ending, room = ownRoom() }: Asked = {},
  ): Promise<{ letter: DeadLetter; body: string } | undefined> {
    const place = placeOf(id);
    const message = place && (await this.#read(place, ending));
    const letter = message && readLetter(message);
    if (!message || !letter) return undefined;
    const known = (await this.#index.findAll([id], ending)).get(id);
    return { letter: known ?? letter, body: await readable(letter.signal, message.value, room) };
  }

  /**
   * Sends the letters back to the group that refused them, at their own minute, and marks them.
   * A crash between the two sends a letter again: its identity is its place, so it counts once.
   * @returns the ids sent
   */
  async resubmit(ids: readonly string[], options: ResubmitOptions): Promise<string[]> {
    const { ratePerSecond = resubmitPerSecond, signal, onProgress } = options;
    const known = await this.#index.findAll(ids, signal);
    const letters = known.size === new Set(ids).size ? known : await this.#byId(ids, signal);
    const sent: string[] = [];
    for (const letter of letters.values()) {
      if (!letter.hasBody || letter.resubmitted) continue;
      if (sent.length && !(await wait(1_000 / ratePerSecond, signal))) break;
      const place = placeOf(letter.id);
      const message = place && (await this.#read(place));
      // Retention took it meanwhile.
      if (!message) continue;
      try {
        await this.#publish(resubmission(letter, message));
        await this.#publish(marker(letter, message));
      } catch (error) {
        throw new Error(`${(error as Error).message}; ${sent.length} letters went before it`);
      }
      sent.push(letter.id);
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
    const letters = new Map<string, DeadLetter>();
    for (const signal of signals) {
      if (!named.has(signal)) continue;
      for (const letter of await this.#ofSignal(signal, ending)) letters.set(letter.id, letter);
    }
    const found = new Map<string, DeadLetter>();
    for (const id of ids) {
      const letter = letters.get(id);
      if (letter) found.set(id, letter);
    }
    return found;
  }

  async #ofSignal(signal: Signal, ending?: AbortSignal): Promise<DeadLetter[]> {
    const byIdentity = new Map<string, DeadLetter>();
    const byId = new Map<string, DeadLetter>();
    for await (const message of this.#messages(signal, ending)) {
      const resubmitted = message.headers[letterHeaders.resubmitted];
      if (resubmitted !== undefined) {
        const letter = byId.get(`${signal}/${message.partition}/${resubmitted}`);
        if (letter) letter.resubmitted = true;
        continue;
      }
      const letter = readLetter(message);
      if (!letter) continue;
      const identity = JSON.stringify([letter.sourceId, letter.group, letter.code, letter.part]);
      // The first one stays: a marker points at the letter that was listed.
      if (byIdentity.has(identity)) continue;
      byIdentity.set(identity, letter);
      byId.set(letter.id, letter);
      if (byIdentity.size >= lettersListedMax) break;
    }
    return [...byIdentity.values()];
  }

  async *#messages(signal: Signal, ending?: AbortSignal): AsyncIterable<DeliveredMessage> {
    const options = { bytesMax: readBytesMax, ...(ending && { signal: ending }) };
    const topic = deadLetterTopicOf[signal];
    const partitions = await this.#partitionsOf(topic);
    for (let partition = 0; partition < partitions; partition++) {
      yield* this.#broker.read({ topic, partition, position: 0 }, options);
    }
  }

  async #read(place: Position, ending?: AbortSignal): Promise<DeliveredMessage | undefined> {
    const partitions = await this.#partitionsOf(place.topic);
    if (place.partition >= partitions) return undefined;
    const options = { bytesMax: 1, ...(ending && { signal: ending }) };
    for await (const message of this.#broker.read(place, options)) {
      return message.position === place.position ? message : undefined;
    }
    return undefined;
  }

  async #partitionsOf(topic: string): Promise<number> {
    return (await this.#broker.topics()).find(({ name }) => name === topic)?.partitions ?? 0;
  }
}

/** Undefined for what cannot be the id of a letter. */
function placeOf(id: string): Position | undefined {
  const [name, partition, position] = /^([a-z]+)\/(\d{1,9})\/(\d{1,15})$/.exec(id)?.slice(1) ?? [];
  const signal = signals.find((each) => each === name);
  if (!signal) return undefined;
  const topic = deadLetterTopicOf[signal];
  return { topic, partition: Number(partition), position: Number(position) };
}

function resubmission(letter: DeadLetter, message: DeliveredMessage) {
  const ordinals = message.headers[headerNames.ordinals];
  const headers: Record<string, string> = {
    [headerNames.tenant]: letter.tenant,
    [headerNames.records]: String(letter.records),
    [headerNames.receivedMs]: String(letter.receivedMs),
    [headerNames.seq]: `${resubmitGateway}/0/${message.position}`,
    [headerNames.onlyGroup]: letter.group,
  };
  if (ordinals !== undefined) headers[headerNames.ordinals] = ordinals;
  const { partition } = letter.source;
  return {
    topic: topicOf[letter.signal],
    partition,
    key: message.key,
    value: [message.value],
    headers,
  };
}

function marker(letter: DeadLetter, message: DeliveredMessage) {
  const headers: Headers = { [letterHeaders.resubmitted]: String(message.position) };
  const topic = deadLetterTopicOf[letter.signal];
  return { topic, partition: message.partition, key: message.key, value: [], headers };
}

async function readable(signal: Signal, value: Uint8Array, room: AnswerRoom): Promise<string> {
  const objects = protobufToJsonCost(signal, value);
  const body = (await room.admit({ objects, text: 0 })) ? jsonOf(signal, value) : undefined;
  const text = body ?? Buffer.from(value).toString('base64');
  await room.take(weigh(text));
  return text;
}

function jsonOf(signal: Signal, value: Uint8Array): string | undefined {
  try {
    return protobufToJson(signal, value);
  } catch {
    return undefined;
  }
}
