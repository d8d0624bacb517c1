import {
  type Broker,
  type DeliveredMessage,
  deadLetterHeaders,
  deadLetterTopicOf,
  type Position,
  partitionName,
  type TopicPartition,
} from '@spillway/broker';
import { type Signal, signals } from '@spillway/otlp';
import { StoreError } from '@spillway/store';
import { type DeadLetter, identityOf, readDeadLetter } from './dead-letter.ts';
import { PositionSet } from './position-set.ts';
import { SeenNames } from './seen-names.ts';

export interface CensusOptions {
  /** All when absent. */
  signals?: readonly Signal[] | undefined;
  /** Bytes of memory that it may take; most of it until it is taken. */
  bytesMax: number;
  /** Ends it, with its reason. */
  ending?: AbortSignal | undefined;
  /** Called once for each, in order, also for one that turns out to be repeated or sent back. */
  onDeadLetter?: (deadLetter: DeadLetter, place: Position) => void;
}

/** A partition of dead letters, and the position behind those that were counted. */
export interface CensusPlace extends TopicPartition {
  next: number;
}

/** Decoded between two turns of the event loop, without the records. */
const readLimits = { bytesMax: 128 * 1_024, valueBytesMax: 0 };
/** Share of what is left when it is taken: a bit or two for each dead letter. */
const shareOfPositions = 1 / 4;

/**
 * Which dead letters count, however many there are: of several with one identity the first, and
 * whether it was sent back. Reads the topics once, and again where the names do not fit.
 */
export class Census {
  readonly places: readonly CensusPlace[];
  readonly #broker: Pick<Broker, 'read'>;
  readonly #positionBytesMax: number;
  readonly #repeated: ReadonlyMap<string, PositionSet>;
  readonly #resubmitted: ReadonlyMap<string, PositionSet>;

  private constructor(
    broker: Pick<Broker, 'read'>,
    places: readonly CensusPlace[],
    positionBytesMax: number,
  ) {
    this.#broker = broker;
    this.places = places;
    this.#positionBytesMax = positionBytesMax;
    const sets = () => new Map(places.map((place) => [partitionName(place), new PositionSet()]));
    this.#repeated = sets();
    this.#resubmitted = sets();
  }

  /** Throws `too-much-asked` where even bits for all of them do not fit. */
  static async take(
    broker: Pick<Broker, 'read' | 'topics'>,
    options: CensusOptions,
  ): Promise<Census> {
    const { bytesMax, signals: wanted = signals } = options;
    const topics = await broker.topics();
    const places = signals
      .filter((signal) => wanted.includes(signal))
      .flatMap((signal) => {
        const topic = deadLetterTopicOf[signal];
        const partitions = topics.find(({ name }) => name === topic)?.partitions ?? 0;
        return Array.from({ length: partitions }, (_, partition) => ({
          topic,
          partition,
          next: 0,
        }));
      });
    const positionBytesMax = bytesMax * shareOfPositions;
    const census = new Census(broker, places, positionBytesMax);
    const names = new SeenNames(bytesMax - positionBytesMax);
    await census.#read({ ...options, names });
    while (!names.isDone) {
      names.nextPass();
      await census.#readAgain(names, options.ending);
    }
    return census;
  }

  /** Whether one of the same identity lies before it. */
  isRepeated(place: Position): boolean {
    return this.#repeated.get(partitionName(place))?.has(place.position) === true;
  }

  isResubmitted(place: Position): boolean {
    return this.#resubmitted.get(partitionName(place))?.has(place.position) === true;
  }

  /** Learns what was sent back since; dead letters that came since are not looked at. */
  async follow(ending?: AbortSignal): Promise<void> {
    await this.#read({ ending });
  }

  /** What lies behind `next` of each place, which it moves. */
  async #read(reading: {
    ending?: AbortSignal | undefined;
    names?: SeenNames;
    onDeadLetter?: CensusOptions['onDeadLetter'];
  }): Promise<void> {
    const { ending, names, onDeadLetter } = reading;
    for (const place of this.places) {
      const from = { ...place, position: place.next };
      const options = { ...readLimits, ...(ending && { abort: ending }) };
      for await (const message of this.#broker.read(from, options)) {
        place.next = message.position + 1;
        this.#learn(message);
        if (!names) continue;
        const deadLetter = readDeadLetter(message);
        if (!deadLetter) continue;
        this.#look(deadLetter, message, names);
        onDeadLetter?.(deadLetter, message);
      }
    }
  }

  async #readAgain(names: SeenNames, ending: AbortSignal | undefined): Promise<void> {
    const options = { ...readLimits, ...(ending && { abort: ending }) };
    for (const place of this.places) {
      for await (const message of this.#broker.read({ ...place, position: 0 }, options)) {
        if (message.position >= place.next) break;
        const deadLetter = readDeadLetter(message);
        if (deadLetter) this.#look(deadLetter, message, names);
      }
    }
  }

  #look(deadLetter: DeadLetter, place: Position, names: SeenNames): void {
    if (!names.isRepeated(identityOf(deadLetter))) return;
    this.#mark(this.#repeated, place);
  }

  /** From a marker, what was sent back. */
  #learn({ headers, topic, partition, position: behind }: DeliveredMessage): void {
    const marked = headers[deadLetterHeaders.resubmitted];
    if (marked === undefined) return;
    const position = Number(marked);
    // Another program may have written it: what can be sent back lies before its marker.
    if (!Number.isSafeInteger(position) || position < 0 || position >= behind) return;
    this.#mark(this.#resubmitted, { topic, partition, position });
  }

  #mark(all: ReadonlyMap<string, PositionSet>, place: Position): void {
    const set = all.get(partitionName(place));
    const before = set?.bytes ?? 0;
    set?.add(place.position);
    if (set && set.bytes > before) this.#checkBytes();
  }

  #checkBytes(): void {
    const sets = [...this.#repeated.values(), ...this.#resubmitted.values()];
    const bytes = sets.reduce((sum, set) => sum + set.bytes, 0);
    if (bytes <= this.#positionBytesMax) return;
    const message =
      'there are too many dead letters for the memory that the ledger may take: raise ' +
      'console.ledgerBytesMax, and the memory of the process with it';
    throw new StoreError('too-much-asked', message);
  }
}
