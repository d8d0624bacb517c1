import { aborted } from '@spillway/resilience';
import { FairQueue, QueueFullError } from '@spillway/store/search';
import type { ConsoleConfig } from './config.ts';
import { QueryError } from './errors.ts';
import { Pace } from './pace.ts';

/** Questions that are worked on at once; one tenant has at most half of them. */
const slots = 8;
/** Of the ones that read much of the log: the ledger, and what resubmits dead letters. */
const longSlots = 2;
/** A store that does not end its work at the signal holds the place of its question so long. */
const stuckMs = 60_000;

export interface Order {
  tenant: string;
  /** Reads much of the log: such questions wait for each other, not the short ones for them. */
  isLong?: boolean;
  /** Aborted when the client has gone. */
  gone: AbortSignal;
}

/**
 * Gives questions their turn and their deadline. At the deadline the client gets 504 and the work is
 * ended by its signal; the place is free when it has ended, so that nothing piles up behind a 504.
 */
export class Turns {
  readonly #timeoutMs: number;
  readonly #pace = new Pace();
  readonly #short: FairQueue;
  readonly #long: FairQueue;

  constructor({
    queryTimeoutMs,
    queriesMax,
  }: Pick<ConsoleConfig, 'queryTimeoutMs' | 'queriesMax'>) {
    this.#timeoutMs = queryTimeoutMs;
    this.#short = new FairQueue({ slots, waitingMax: queriesMax });
    this.#long = new FairQueue({ slots: longSlots, waitingMax: queriesMax });
  }

  /** Throws `QueryError`: `too-many-queries`, `timeout`, `client-gone`. */
  async take<T>(order: Order, work: (ending: AbortSignal) => Promise<T>): Promise<T> {
    const deadline = new AbortController();
    const timer = setTimeout(() => deadline.abort(late(this.#timeoutMs)), this.#timeoutMs);
    const ending = AbortSignal.any([deadline.signal, order.gone]);
    try {
      const leave = await this.#enter(order, ending);
      const working = this.#begin(work, ending).finally(leave);
      const ended = aborted(ending).then(() => {
        setTimeout(leave, stuckMs).unref();
        throw ending.reason;
      });
      return await Promise.race([working, ended]);
    } finally {
      clearTimeout(timer);
    }
  }

  async #enter({ tenant, isLong, gone }: Order, ending: AbortSignal): Promise<() => void> {
    try {
      return await (isLong ? this.#long : this.#short).enter(tenant, ending);
    } catch (error) {
      gone.throwIfAborted();
      // At the deadline it was not its turn yet: that is no slow answer.
      if (error instanceof QueueFullError || ending.aborted) {
        const message = 'too many queries of this tenant run or wait already';
        throw new QueryError('too-many-queries', message);
      }
      throw error;
    }
  }

  async #begin<T>(work: (ending: AbortSignal) => Promise<T>, ending: AbortSignal): Promise<T> {
    await this.#pace.next();
    ending.throwIfAborted();
    return await work(ending);
  }
}

function late(timeoutMs: number): QueryError {
  return new QueryError('timeout', `no answer within ${timeoutMs} ms; ask for less`);
}
