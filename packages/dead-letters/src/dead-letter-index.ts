import {
  type Broker,
  type DeliveredMessage,
  deadLetterHeaders,
  deadLetterTopicOf,
  type TopicPartition,
} from '@spillway/broker';
import { type Signal, signals } from '@spillway/otlp';
import { abortAfter, unlessAborted } from '@spillway/resilience';
import { LRUCache } from 'lru-cache';
import { bytesOf, type DeadLetter, identityOf, readDeadLetter } from './dead-letter.ts';
import { type DeadLetterFilter, matches } from './dead-letter-filter.ts';

/** Bytes that are kept of all tenants together. */
const bytesDefault = 16 * 1_048_576;
const answersMax = 20;
/** Messages of one reading: what lies behind them is read at the next question. */
const messagesPerReading = 20_000;
const readingMs = 5_000;
/**
 * What is decoded between two turns of the event loop, without the records, which are not listed.
 */
const readLimits = { bytesMax: 128 * 1024, valueBytesMax: 0 };
/** How often it is looked up what retention took. */
const retentionEveryMs = 60_000;

/** An answer of the index, shared by all callers with the same filter. */
export interface NewestDeadLetters {
  /** Newest first. */
  deadLetters: readonly DeadLetter[];
  /** False while not everything has been read yet, and when there are older ones beside these. */
  isWhole: boolean;
}

/**
 * The newest dead letters, read once and followed from then on, so that a question costs no more
 * than what came since the one before it. Questions that come at once share one reading. When there
 * are too many, the oldest of the tenant that has the most go first.
 */
export class DeadLetterIndex {
  readonly #broker: Pick<Broker, 'read' | 'topics'>;
  readonly #monotonicMs: () => number;
  readonly #bytesMax: number;
  readonly #messagesMax: number;
  /** Dead letters by tenant, then by id. */
  readonly #deadLetters = new Map<string, Map<string, DeadLetter>>();
  readonly #byIdentity = new Map<string, DeadLetter>();
  readonly #byId = new Map<string, DeadLetter>();
  readonly #next = new Map<string, number>();
  readonly #cut = new Set<string>();
  #isBehind = false;
  #bytes = 0;
  /** Answers by filter, until something changes. */
  readonly #answers = new LRUCache<string, NewestDeadLetters>({ max: answersMax });
  #retentionAtMs = Number.NEGATIVE_INFINITY;
  #reading: Promise<void> | undefined;
  #following: Promise<void> | undefined;

  constructor(
    broker: Pick<Broker, 'read' | 'topics'>,
    options: {
      monotonicMs?: () => number;
      bytesMax?: number | undefined;
      messagesMax?: number;
    } = {},
  ) {
    this.#broker = broker;
    this.#monotonicMs = options.monotonicMs ?? (() => performance.now());
    this.#bytesMax = options.bytesMax ?? bytesDefault;
    this.#messagesMax = options.messagesMax ?? messagesPerReading;
  }

  async newest(filter: DeadLetterFilter, abort?: AbortSignal): Promise<NewestDeadLetters> {
    await this.#refresh(abort);
    const name = JSON.stringify(filter);
    const known = this.#answers.get(name);
    if (known) return known;
    const answer = this.#answer(filter);
    this.#answers.set(name, answer);
    return answer;
  }

  #answer(filter: DeadLetterFilter): NewestDeadLetters {
    const { tenant } = filter;
    const of =
      tenant === undefined ? [...this.#deadLetters.values()] : [this.#deadLetters.get(tenant)];
    const deadLetters = of
      .flatMap((found) => [...(found?.values() ?? [])])
      .filter((deadLetter) => matches(deadLetter, filter))
      .sort((a, b) => b.deadSinceMs - a.deadSinceMs);
    const isCut = tenant === undefined ? this.#cut.size > 0 : this.#cut.has(tenant);
    return { deadLetters: deadLetters, isWhole: !isCut && !this.#isBehind };
  }

  /**
   * Finds dead letters, in the order of the ids; leaves out what is unknown, or older than those
   * kept.
   */
  async findAll(
    ids: readonly string[],
    abort?: AbortSignal,
  ): Promise<ReadonlyMap<string, DeadLetter>> {
    await this.#refresh(abort);
    return new Map(
      ids.flatMap((id): [string, DeadLetter][] => {
        const deadLetter = this.#byId.get(id);
        return deadLetter ? [[id, deadLetter]] : [];
      }),
    );
  }

  /** Everything that was there at the call is read: who comes during a reading waits for the next. */
  async #refresh(abort: AbortSignal | undefined): Promise<void> {
    abort?.throwIfAborted();
    const begin = (): Promise<void> => {
      this.#following = undefined;
      const reading = this.#read().finally(() => {
        this.#reading = undefined;
      });
      this.#reading = reading;
      return reading;
    };
    this.#following ??= this.#reading?.catch(() => undefined).then(begin);
    const mine = this.#following ?? begin();
    await (abort ? unlessAborted(mine, abort) : mine);
  }

  async #read(): Promise<void> {
    let left = this.#messagesMax;
    let isDone = false;
    const topics = await this.#broker.topics();
    const places = signals.flatMap((signal) => {
      const topic = deadLetterTopicOf[signal];
      const partitions = topics.find(({ name }) => name === topic)?.partitions ?? 0;
      return Array.from({ length: partitions }, (_, partition) => ({ signal, topic, partition }));
    });
    await abortAfter(readingMs, async (abort) => {
      await this.#dropGone(places, abort);
      for (const place of places) {
        const from = { ...place, position: this.#next.get(nameOf(place)) ?? 0 };
        for await (const message of this.#broker.read(from, { abort, ...readLimits })) {
          this.#answers.clear();
          this.#add(place.signal, message);
          this.#next.set(nameOf(place), message.position + 1);
          if (--left <= 0) return;
        }
      }
      isDone = true;
    }).catch((error: unknown) => {
      // Out of time: what was read is kept, and the next question reads on.
      if (left === this.#messagesMax) throw error;
    });
    if (this.#isBehind === isDone) this.#answers.clear();
    this.#isBehind = !isDone;
  }

  #add(signal: Signal, message: DeliveredMessage): void {
    const resubmitted = message.headers[deadLetterHeaders.resubmitted];
    if (resubmitted !== undefined) {
      const marked = this.#byId.get(`${signal}/${message.partition}/${resubmitted}`);
      if (marked) marked.resubmitted = true;
      return;
    }
    const deadLetter = readDeadLetter(message);
    if (!deadLetter) return;
    const identity = identityOf(deadLetter);
    // The first one stays: a marker points at the dead letter that was listed.
    if (this.#byIdentity.has(identity)) return;
    const ofTenant = this.#deadLetters.get(deadLetter.tenant) ?? new Map<string, DeadLetter>();
    this.#deadLetters.set(deadLetter.tenant, ofTenant);
    ofTenant.set(deadLetter.id, deadLetter);
    this.#byIdentity.set(identity, deadLetter);
    this.#byId.set(deadLetter.id, deadLetter);
    this.#bytes += bytesOf(deadLetter);
    while (this.#bytes > this.#bytesMax) this.#dropOldest();
  }

  #dropOldest(): void {
    let most: Map<string, DeadLetter> | undefined;
    for (const ofTenant of this.#deadLetters.values()) {
      if (!most || ofTenant.size > most.size) most = ofTenant;
    }
    const [oldest] = most?.values() ?? [];
    if (!oldest) return;
    this.#cut.add(oldest.tenant);
    this.#drop(oldest);
  }

  #drop(deadLetter: DeadLetter): void {
    this.#answers.clear();
    const ofTenant = this.#deadLetters.get(deadLetter.tenant);
    ofTenant?.delete(deadLetter.id);
    if (ofTenant?.size === 0) this.#deadLetters.delete(deadLetter.tenant);
    this.#byIdentity.delete(identityOf(deadLetter));
    this.#byId.delete(deadLetter.id);
    this.#bytes -= bytesOf(deadLetter);
  }

  /** Those that lie before the first message that the broker keeps. */
  async #dropGone(places: readonly (TopicPartition & { signal: Signal })[], abort: AbortSignal) {
    const nowMs = this.#monotonicMs();
    if (nowMs - this.#retentionAtMs < retentionEveryMs) return;
    this.#retentionAtMs = nowMs;
    const starts = new Map<string, number>();
    for (const { signal: ofSignal, topic, partition } of places) {
      const from = { topic, partition, position: 0 };
      let start = Number.POSITIVE_INFINITY;
      for await (const message of this.#broker.read(from, {
        abort,
        bytesMax: 1,
        valueBytesMax: 0,
      })) {
        start = message.position;
        break;
      }
      starts.set(`${ofSignal}/${partition}`, start);
    }
    for (const deadLetter of [...this.#byId.values()]) {
      const at = deadLetter.id.lastIndexOf('/');
      const start = starts.get(deadLetter.id.slice(0, at)) ?? 0;
      if (Number(deadLetter.id.slice(at + 1)) < start) this.#drop(deadLetter);
    }
  }
}

function nameOf({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}
