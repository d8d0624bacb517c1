import { partitionName } from '@spillway/broker';
import { blamesStore, type MessageOutcome, SinkBehindError } from '@spillway/store';
import type { InFlightMessage } from '../in-flight/in-flight-message.ts';

export interface HalvingOptions {
  apply: (items: readonly InFlightMessage[]) => Promise<Map<InFlightMessage, MessageOutcome>>;
  /** Whether an error is the store's own, whatever it was handed. */
  isTrouble: (error: unknown) => boolean;
  /**
   * The store skips what stands before something that it has: nothing behind a message of a
   * partition is handed over before that message is.
   */
  keepsOrder: boolean;
}

export interface Halved {
  /** Outcomes of what the store took. */
  outcomes: Map<InFlightMessage, MessageOutcome>;
  /** Messages that failed alone, and at what. */
  suspects: Map<InFlightMessage, Error>;
  /** The store itself failed meanwhile; what has no outcome was not looked at. */
  trouble: Error | undefined;
}

/**
 * Most tries for one batch, so that a store which fails at everything is not asked once for each
 * message.
 */
const triesMax = 64;
const failuresInARowMax = 24;

/** Hands over a batch that failed by halves, down to the messages that fail alone. */
export async function applyByHalves(
  items: readonly InFlightMessage[],
  options: HalvingOptions,
): Promise<Halved> {
  const { apply, isTrouble, keepsOrder } = options;
  const halved: Halved = { outcomes: new Map(), suspects: new Map(), trouble: undefined };
  const stuck = new Set<string>();
  let tries = 0;
  let failures = 0;

  async function hand(some: readonly InFlightMessage[]): Promise<void> {
    const open = keepsOrder ? some.filter((item) => !stuck.has(partitionName(item))) : some;
    const isOver = halved.trouble || tries >= triesMax || failures >= failuresInARowMax;
    if (isOver || !open.length) return;
    tries++;
    try {
      for (const [item, outcome] of await apply(open)) halved.outcomes.set(item, outcome);
      failures = 0;
    } catch (error) {
      if (error instanceof SinkBehindError) throw error;
      failures++;
      if (isTrouble(error)) halved.trouble = error as Error;
      else if (open.length > 1) await halves(open);
      else for (const item of open) suspect(item, error as Error);
    }
  }

  async function halves(some: readonly InFlightMessage[]): Promise<void> {
    const middle = some.length >> 1;
    await hand(some.slice(0, middle));
    await hand(some.slice(middle));
  }

  function suspect(item: InFlightMessage, error: Error): void {
    halved.suspects.set(item, error);
    stuck.add(partitionName(item));
  }

  await halves(items);
  return halved;
}

export function isStoreTrouble(error: unknown, health: () => { ok: boolean }): boolean {
  return blamesStore(error) || !health().ok;
}
