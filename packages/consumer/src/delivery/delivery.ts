import { setImmediate } from 'node:timers/promises';
import {
  type DecodedMessage,
  type MessageOutcome,
  PartMissingError,
  type Sink,
  SinkBehindError,
} from '@spillway/store';
import { deadLettersFor, deadLettersOf } from '../dead-letters/dead-letter.ts';
import {
  type DeadLetterPublisherOptions,
  publishDeadLetters,
} from '../dead-letters/publish-dead-letters.ts';
import { Refusals } from '../dead-letters/refusals.ts';
import type { InFlightMessage } from '../in-flight/in-flight-message.ts';
import type { LargeMessage } from '../in-flight/large-message.ts';
import { applyByHalves, isStoreTrouble } from './halving.ts';
import { PoisonDetector } from './poison-detector.ts';

/** What a delivery needs. */
export interface DeliveryOptions extends DeadLetterPublisherOptions {
  sink: Sink;
}

export interface Applied {
  /** What has none is wanted again. */
  outcomes: Map<InFlightMessage, MessageOutcome>;
  /** Messages that the store fails at whenever it gets them; their outcomes say so. */
  poison: InFlightMessage[];
  /** The store as a whole cannot work now. */
  trouble?: Error | undefined;
  /** It failed at all that it was given, in a way that does not show whose fault it is. */
  unclear?: boolean;
  /** Why what has no outcome has none. */
  reason?: string | undefined;
  /** A large message is handed over up to one of its parts, and goes on when it is its turn again. */
  isUnfinished?: boolean;
}

/** The code of what a store fails at. */
const poisonCode = 'rejected-by-store';
/** A large message has its turn for so long; then partitions beside it have theirs. */
const turnMs = 500;

/** The two ways of a batch: to the sink, and to the dead letters. */
export class Delivery {
  readonly #options: DeliveryOptions;
  readonly #suspects = new PoisonDetector();
  /** Batches and parts that the store took, ever. */
  #taken = 0;
  /** What that was when a large message failed last. */
  readonly #takenBefore = new WeakMap<InFlightMessage, number>();

  constructor(options: DeliveryOptions) {
    this.#options = options;
  }

  /**
   * Once. Undefined when the sink has less than it had. A large message is alone; the signal ends it
   * between two parts.
   */
  async apply(items: readonly InFlightMessage[], abort: AbortSignal): Promise<Applied | undefined> {
    const relevant = items.filter(({ isRelevant }) => isRelevant);
    const [only] = relevant;
    if (only?.large) return await this.#applyLarge(only, only.large, abort).catch(behindOnly);
    try {
      const outcomes = await this.#hand(relevant);
      this.#suspects.forget(relevant);
      return { outcomes, poison: [] };
    } catch (error) {
      if (error instanceof SinkBehindError) return undefined;
      if (this.#isTrouble(error)) return troubled(error as Error);
      return await this.#isolate(relevant, error as Error).catch(behindOnly);
    }
  }

  async #applyLarge(
    item: InFlightMessage,
    large: LargeMessage,
    abort: AbortSignal,
  ): Promise<Applied> {
    const untilMs = performance.now() + turnMs;
    try {
      for (let first = true; !large.isDone; first = false) {
        // Others in this process have their turn between two parts.
        if (!first) await setImmediate();
        const isOver = abort.aborted || performance.now() > untilMs;
        if (!first && isOver) return { outcomes: new Map(), poison: [], isUnfinished: true };
        const [outcome] = await this.#options.sink.apply([large.part]);
        const { records = [] } = outcome ?? {};
        if (records.some(({ status }) => status === 'retry')) {
          return { outcomes: new Map([[item, { records }]]), poison: [] };
        }
        large.take({ records });
        this.#taken += 1;
        this.#suspects.forget([item]);
      }
      return { outcomes: new Map([[item, { records: [] }]]), poison: [] };
    } catch (error) {
      if (error instanceof SinkBehindError) throw error;
      if (error instanceof PartMissingError) {
        item.release();
        return { outcomes: new Map(), poison: [], isUnfinished: true };
      }
      if (this.#isTrouble(error)) return troubled(error as Error);
      return await this.#refusePart(item, large, error as Error, abort);
    }
  }

  /** A part that fails again and again while the store takes others is a dead letter whole. */
  async #refusePart(
    item: InFlightMessage,
    large: LargeMessage,
    error: Error,
    abort: AbortSignal,
  ): Promise<Applied> {
    const works = this.#taken > (this.#takenBefore.get(item) ?? this.#taken - large.taken);
    this.#takenBefore.set(item, this.#taken);
    const isPoison = this.#suspects.judge(new Map([[item, error]]), works).length > 0;
    if (!isPoison) {
      const isUnclear = !works && !this.#suspects.knows([item]);
      const held = { outcomes: new Map(), poison: [], reason: error.message };
      return isUnclear ? { ...troubled(error), unclear: true } : held;
    }
    const { part } = large;
    const refusals = new Refusals();
    refusals.add(part, refusal(part, error));
    const { group } = this.#options;
    const deadLetters = deadLettersFor(item, { refusals, group, from: part.part?.from ?? 0 });
    if (await publishDeadLetters(deadLetters, this.#options, abort)) {
      const refused = allBroken(part);
      await this.#options.sink.apply([refused]);
      large.refuse(refused);
      this.#suspects.forget([item]);
    }
    return { outcomes: new Map(), poison: [], isUnfinished: true };
  }

  /** Dead letters are on the broker before anything is committed. False when the signal ended it. */
  async publishDeadLetters(
    items: readonly InFlightMessage[],
    outcomes: ReadonlyMap<InFlightMessage, MessageOutcome>,
    abort: AbortSignal,
  ): Promise<boolean> {
    const deadLetters = items.flatMap((item) => {
      const outcome = outcomes.get(item);
      return outcome ? deadLettersOf(item, outcome, this.#options.group) : [];
    });
    return await publishDeadLetters(deadLetters, this.#options, abort);
  }

  /**
   * Notes poison in the sink as messages without a record that it could take, so that it is counted
   * there and positions go on. That this goes well is the proof that the store works.
   * @returns why it did not
   */
  async refuse(poison: readonly InFlightMessage[]): Promise<Error | undefined> {
    if (!poison.length) return undefined;
    try {
      await this.#options.sink.apply(
        poison.flatMap(({ decoded }) => (decoded ? [allBroken(decoded)] : [])),
      );
      this.#suspects.forget(poison);
      return undefined;
    } catch (error) {
      return error as Error;
    }
  }

  #isTrouble(error: unknown): boolean {
    return isStoreTrouble(error, () => this.#options.sink.health());
  }

  async #hand(items: readonly InFlightMessage[]): Promise<Map<InFlightMessage, MessageOutcome>> {
    if (!items.length) return new Map();
    const outcomes = await this.#options.sink.apply(items.flatMap(({ decoded }) => decoded ?? []));
    this.#taken += 1;
    return new Map(items.map((item, i) => [item, outcomes[i] as MessageOutcome]));
  }

  /** When all that was tried fails, it is the store; else what fails alone, again and again, is poison. */
  async #isolate(items: readonly InFlightMessage[], error: Error): Promise<Applied> {
    const [only] = items;
    const { outcomes, suspects, trouble } =
      only && items.length === 1
        ? { outcomes: new Map(), suspects: new Map([[only, error]]), trouble: undefined }
        : await applyByHalves(items, {
            apply: (some) => this.#hand(some),
            isTrouble: (each) => this.#isTrouble(each),
            keepsOrder: this.#options.sink.capabilities.skipsPassed === true,
          });
    this.#suspects.forget(outcomes.keys());
    const poison = trouble ? [] : this.#suspects.judge(suspects, tookSomething(outcomes));
    for (const item of poison) {
      const { decoded } = item;
      if (decoded) outcomes.set(item, refusal(decoded, suspects.get(item) as Error));
    }
    const [first = error] = suspects.values();
    if (trouble) return { outcomes, poison, trouble, reason: trouble.message };
    const isUnclear = !outcomes.size && !this.#suspects.knows(suspects.keys());
    if (isUnclear) return { ...troubled(error), unclear: true };
    return { outcomes, poison, reason: first.message };
  }
}

function troubled(trouble: Error): Applied {
  return { outcomes: new Map(), poison: [], trouble, reason: trouble.message };
}

function behindOnly(error: unknown): undefined {
  if (!(error instanceof SinkBehindError)) throw error;
}

function tookSomething(outcomes: ReadonlyMap<InFlightMessage, MessageOutcome>): boolean {
  const took = ({ records }: MessageOutcome) =>
    records.some(({ status }) => status === 'stored' || status === 'duplicate');
  return [...outcomes.values()].some(took);
}

function refusal({ records }: DecodedMessage, { message: reason }: Error): MessageOutcome {
  const refused = { status: 'deadLetter', code: poisonCode, reason } as const;
  return { records: records.map(() => refused) };
}

function allBroken(message: DecodedMessage): DecodedMessage {
  const broken = message.records.map(({ index, key }) => {
    return { index, key, code: 'malformed-record' as const, reason: poisonCode };
  });
  return { ...message, records: [], broken: [...message.broken, ...broken] };
}
