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
import { protobufToJson, type Signal, signals } from '@spillway/otlp';
import { type DeadLetter, readLetter } from './dead-letter.ts';
import { sleep } from './retry.ts';

export interface DeadLetterFilter {
  tenant?: string | undefined;
  group?: string | undefined;
  code?: string | undefined;
  signal?: Signal | undefined;
  /** Those already resubmitted, too. */
  all?: boolean | undefined;
}

export interface ResubmitOptions {
  /** Letters a second, at most. */
  ratePerSecond: number;
  signal: AbortSignal;
  onProgress?: (done: number) => void;
}

const perScanMax = 100_000;

/** Lists, shows and resubmits what no sink could take, from the topics that the broker keeps. */
export class DeadLetters {
  readonly #broker: Broker;

  constructor(broker: Broker) {
    this.#broker = broker;
  }

  /** Newest last; one per message, group and code, however often it was redelivered. */
  async list(filter: DeadLetterFilter = {}): Promise<DeadLetter[]> {
    const letters: DeadLetter[] = [];
    for (const signal of signals) {
      if (filter.signal && filter.signal !== signal) continue;
      letters.push(...(await this.#ofSignal(signal)));
    }
    return letters
      .filter((letter) => matches(letter, filter))
      .sort((a, b) => a.deadSinceMs - b.deadSinceMs);
  }

  /** The letter with its records as OTLP/JSON (base64 when even that cannot be read). */
  async show(id: string): Promise<{ letter: DeadLetter; body: string } | undefined> {
    const found = await this.#find(id);
    if (!found) return undefined;
    const { letter, message } = found;
    return { letter, body: readable(letter.signal, message.value) };
  }

  /**
   * Sends the letters back to the group that refused them, at their own minute, and marks them.
   * A crash between the two sends a letter again: its identity is its place, so it counts once.
   * @returns the ids sent
   */
  async resubmit(ids: readonly string[], options: ResubmitOptions): Promise<string[]> {
    const sent: string[] = [];
    for (const id of ids) {
      options.signal.throwIfAborted();
      const found = await this.#find(id);
      // One without its records was too large for the dead letters; there is nothing to send.
      if (!found?.message.value.byteLength || found.letter.resubmitted) continue;
      await this.#publish(resubmission(found.letter, found.message));
      await this.#publish(marker(found.letter, found.message));
      sent.push(id);
      options.onProgress?.(sent.length);
      await sleep(1_000 / options.ratePerSecond, options.signal);
    }
    return sent;
  }

  async #publish(message: Parameters<Broker['publish']>[0][number]): Promise<void> {
    const [outcome] = await this.#broker.publish([message]);
    if (outcome?.status !== 'durable') {
      throw new Error(`not resubmitted: ${outcome?.message ?? 'no outcome'}`);
    }
  }

  async #ofSignal(signal: Signal): Promise<DeadLetter[]> {
    const byIdentity = new Map<string, DeadLetter>();
    for await (const message of this.#messages(signal)) {
      const resubmitted = message.headers[letterHeaders.resubmitted];
      if (resubmitted !== undefined) {
        const id = `${signal}/${message.partition}/${resubmitted}`;
        for (const letter of byIdentity.values()) if (letter.id === id) letter.resubmitted = true;
        continue;
      }
      const letter = readLetter(message);
      if (!letter) continue;
      const identity = JSON.stringify([letter.sourceId, letter.group, letter.code]);
      // The first one stays: a marker points at the letter that was listed.
      if (!byIdentity.has(identity)) byIdentity.set(identity, letter);
      if (byIdentity.size >= perScanMax) break;
    }
    return [...byIdentity.values()];
  }

  async *#messages(signal: Signal): AsyncIterable<DeliveredMessage> {
    const topic = deadLetterTopicOf[signal];
    const spec = (await this.#broker.topics()).find(({ name }) => name === topic);
    for (let partition = 0; partition < (spec?.partitions ?? 0); partition++) {
      yield* this.#broker.read({ topic, partition, position: 0 });
    }
  }

  async #find(id: string) {
    const [signal, partition, position] = id.split('/');
    const topic = deadLetterTopicOf[signal as Signal];
    if (!topic) return undefined;
    const letter = (await this.#ofSignal(signal as Signal)).find((each) => each.id === id);
    if (!letter) return undefined;
    const place: Position = { topic, partition: Number(partition), position: Number(position) };
    for await (const message of this.#broker.read(place)) {
      return message.position === place.position ? { letter, message } : undefined;
    }
    return undefined;
  }
}

function matches(letter: DeadLetter, filter: DeadLetterFilter): boolean {
  if (!filter.all && letter.resubmitted) return false;
  return (['tenant', 'group', 'code'] as const).every(
    (name) => filter[name] === undefined || filter[name] === letter[name],
  );
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

function readable(signal: Signal, value: Uint8Array): string {
  try {
    return protobufToJson(signal, value);
  } catch {
    return Buffer.from(value).toString('base64');
  }
}
