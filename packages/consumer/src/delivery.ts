import type { Broker, OutgoingMessage } from '@spillway/broker';
import { type MessageOutcome, type Sink, SinkBehindError } from '@spillway/store';
import type { ConsumerLimits } from './config.ts';
import { type ConsumerEvent, letterEvent } from './consumer-event.ts';
import { lettersOf, unburied } from './dead-letter.ts';
import type { Item } from './decode-message.ts';
import { persist } from './retry.ts';
import { isBehind } from './rewind.ts';

export interface DeliveryOptions {
  group: string;
  broker: Broker;
  sink: Sink;
  limits: ConsumerLimits;
  signal: AbortSignal;
  random: () => number;
  report: ((event: ConsumerEvent) => void) | undefined;
  onRetry: () => void;
  /** What keeps a batch from going on, for `health`; undefined when nothing does any more. */
  onTrouble: (trouble: string | undefined) => void;
}

/** The two steps of a batch that may have to wait: to the sink, and to the dead letters. */
export class Delivery {
  readonly #options: DeliveryOptions;

  constructor(options: DeliveryOptions) {
    this.#options = options;
  }

  /**
   * Waits for as long as the sink as a whole cannot work. Undefined when stopped meanwhile; without
   * outcomes when the sink came back with less than it had.
   */
  apply(items: readonly Item[]) {
    const { broker, sink, group, report, onTrouble } = this.#options;
    let failed = false;
    const relevant = items.filter((item) => item.decoded !== undefined);
    const messages = relevant.flatMap(({ decoded }) => decoded ?? []);
    return this.#persist(
      async () => {
        if (failed && broker.canReplay && (await isBehind(sink, items))) return undefined;
        const outcomes = messages.length ? await sink.apply(messages).catch(toldBehind) : [];
        return (
          outcomes && new Map(relevant.map((item, i) => [item, outcomes[i] as MessageOutcome]))
        );
      },
      (error, attempt, waitMs) => {
        failed = true;
        onTrouble(`${sink.name}: ${error.message}`);
        report?.({ type: 'sink-unavailable', group, attempt, waitMs, error });
      },
    );
  }

  /** Dead letters are on the broker before anything is committed. False when stopped meanwhile. */
  async bury(items: readonly Item[], outcomes: ReadonlyMap<Item, MessageOutcome>) {
    const { broker, group, report, onTrouble } = this.#options;
    let left: OutgoingMessage[] = items.flatMap((item) => {
      const outcome = outcomes.get(item);
      return outcome ? lettersOf(item, outcome, group) : [];
    });
    if (!left.length) return true;
    const letters = left;
    const buried = await this.#persist(
      async () => {
        const results = await broker.publish(left);
        const failed = results.find((result) => result.status !== 'durable');
        left = left.flatMap((letter, i) => unburied(letter, results[i]));
        if (failed) throw new Error(failed.message);
      },
      (error, attempt, waitMs) => {
        onTrouble(`dead letters are not taken: ${error.message}`);
        report?.({ type: 'dead-letter-refused', group, attempt, waitMs, error });
      },
    );
    if (buried) for (const { headers } of letters) report?.(letterEvent(group, headers));
    return buried !== undefined;
  }

  async #persist<T>(
    run: () => Promise<T>,
    onFailure: (error: Error, attempt: number, waitMs: number) => void,
  ): Promise<{ value: T } | undefined> {
    const { limits, random, signal, onRetry, onTrouble } = this.#options;
    const { retryBaseMs: baseMs, retryMaxMs: maxMs } = limits;
    const result = await persist(run, {
      signal,
      backoff: { baseMs, maxMs, random },
      onFailure: (error, attempt, waitMs) => {
        onRetry();
        onFailure(error, attempt, waitMs);
      },
    });
    if (result) onTrouble(undefined);
    return result;
  }
}

function toldBehind(error: unknown): undefined {
  if (!(error instanceof SinkBehindError)) throw error;
}
