import type { Broker, OutgoingMessage } from '@spillway/broker';
import {
  type DecodedMessage,
  type MessageOutcome,
  type Sink,
  SinkBehindError,
} from '@spillway/store';
import type { ConsumerLimits } from './config.ts';
import { type ConsumerEvent, letterEvent } from './consumer-event.ts';
import { lettersOf, unburied } from './dead-letter.ts';
import type { Item } from './decode-message.ts';
import { byHalves, isStoreTrouble } from './halving.ts';
import { persist } from './retry.ts';
import { Suspects } from './suspects.ts';

export interface DeliveryOptions {
  group: string;
  broker: Broker;
  sink: Sink;
  limits: ConsumerLimits;
  random: () => number;
  report: ((event: ConsumerEvent) => void) | undefined;
  onRetry: () => void;
  /** What keeps dead letters from being written, for `health`; undefined when nothing does. */
  onTrouble: (trouble: string | undefined) => void;
}

export interface Applied {
  /** What has none is wanted again. */
  outcomes: Map<Item, MessageOutcome>;
  /** Messages that the store fails at whenever it gets them; their outcomes say so. */
  poison: Item[];
  /** The store as a whole cannot work now. */
  trouble?: Error | undefined;
  /** It failed at all that it was given, in a way that does not tell whose fault it is. */
  unclear?: boolean;
  /** Why what has no outcome has none. */
  reason?: string | undefined;
}

/** The code of what a store fails at. */
const poisonCode = 'rejected-by-store';

/** The two ways of a batch: to the sink, and to the dead letters. */
export class Delivery {
  readonly #options: DeliveryOptions;
  readonly #suspects = new Suspects();

  constructor(options: DeliveryOptions) {
    this.#options = options;
  }

  /** Once. Undefined when the sink has less than it had. */
  async apply(items: readonly Item[]): Promise<Applied | undefined> {
    const relevant = items.filter((item) => item.decoded !== undefined);
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

  /** Dead letters are on the broker before anything is committed. False when the signal ended it. */
  async bury(
    items: readonly Item[],
    outcomes: ReadonlyMap<Item, MessageOutcome>,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { broker, group, limits, random, report, onRetry, onTrouble } = this.#options;
    let left: OutgoingMessage[] = items.flatMap((item) => {
      const outcome = outcomes.get(item);
      return outcome ? lettersOf(item, outcome, group) : [];
    });
    if (!left.length) return true;
    const letters = left;
    const { retryBaseMs: baseMs, retryMaxMs: maxMs } = limits;
    const buried = await persist(
      async () => {
        const results = await broker.publish(left);
        const failed = results.find((result) => result.status !== 'durable');
        left = left.flatMap((letter, i) => unburied(letter, results[i]));
        if (failed) throw new Error(failed.message);
      },
      {
        signal,
        backoff: { baseMs, maxMs, random },
        onFailure: (error, attempt, waitMs) => {
          onRetry();
          onTrouble(`dead letters are not taken: ${error.message}`);
          report?.({ type: 'dead-letter-refused', group, attempt, waitMs, error });
        },
      },
    );
    if (!buried) return false;
    onTrouble(undefined);
    for (const { headers } of letters) report?.(letterEvent(group, headers));
    return true;
  }

  /**
   * Notes poison in the sink as messages without a record that it could take, so that it is counted
   * there and positions go on. That this goes well is the proof that the store works.
   * @returns why it did not
   */
  async refuse(poison: readonly Item[]): Promise<Error | undefined> {
    if (!poison.length) return undefined;
    try {
      await this.#options.sink.apply(poison.flatMap(({ decoded }) => allBroken(decoded)));
      this.#suspects.forget(poison);
      return undefined;
    } catch (error) {
      return error as Error;
    }
  }

  #isTrouble(error: unknown): boolean {
    return isStoreTrouble(error, () => this.#options.sink.health());
  }

  async #hand(items: readonly Item[]): Promise<Map<Item, MessageOutcome>> {
    if (!items.length) return new Map();
    const outcomes = await this.#options.sink.apply(items.flatMap(({ decoded }) => decoded ?? []));
    return new Map(items.map((item, i) => [item, outcomes[i] as MessageOutcome]));
  }

  /** When all that was tried fails, it is the store; else what fails alone, again and again, is poison. */
  async #isolate(items: readonly Item[], error: Error): Promise<Applied> {
    const [only] = items;
    const { outcomes, suspects, trouble } =
      only && items.length === 1
        ? { outcomes: new Map(), suspects: new Map([[only, error]]), trouble: undefined }
        : await byHalves(items, {
            apply: (some) => this.#hand(some),
            isTrouble: (each) => this.#isTrouble(each),
            inOrder: this.#options.sink.skipsPassed === true,
          });
    this.#suspects.forget(outcomes.keys());
    const poison = trouble ? [] : this.#suspects.judge(suspects, tookSomething(outcomes));
    for (const item of poison) outcomes.set(item, refusal(item, suspects.get(item) as Error));
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

function tookSomething(outcomes: ReadonlyMap<Item, MessageOutcome>): boolean {
  const took = ({ records }: MessageOutcome) =>
    records.some(({ status }) => status === 'stored' || status === 'duplicate');
  return [...outcomes.values()].some(took);
}

function refusal({ decoded }: Item, { message: reason }: Error): MessageOutcome {
  const refused = { status: 'deadLetter', code: poisonCode, reason } as const;
  return { records: decoded?.records.map(() => refused) ?? [] };
}

function allBroken(message: DecodedMessage | undefined): DecodedMessage[] {
  if (!message) return [];
  const broken = message.records.map(({ index, key }) => {
    return { index, key, code: 'malformed-record' as const, reason: poisonCode };
  });
  return [{ ...message, records: [], broken: [...message.broken, ...broken] }];
}
