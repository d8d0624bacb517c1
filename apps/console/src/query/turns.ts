import { abortAfter, unlessAborted } from '@spillway/resilience';
import { AnswerRoom, isStoreError } from '@spillway/store';
import { FairQueue } from '@spillway/store/search';
import type { ConsoleConfig } from '../config.ts';
import { QueryError } from '../http/errors.ts';
import { answerSizes, largePlaces, shortPlaces } from './answer-places.ts';
import { Pace } from './pace.ts';

/** A store that does not end its work at the signal holds the place of its question so long. */
const stuckMs = 60_000;

export type LongKind = 'ledger' | 'resubmission';

export interface Order {
  tenant: string;
  /** What reads much of the log: such questions wait for each other, not the short ones for them. */
  long?: LongKind | undefined;
  /** Aborted when the client has gone. */
  gone: AbortSignal;
}

/** What a question is worked on with. */
export interface Turn {
  /** At the deadline, and when the client has gone: the work for it ends. */
  ending: AbortSignal;
  /** When that deadline is, on the clock of `performance.now()`; waiting for the turn counts. */
  endsAtMs: number;
  /** What it may hold, until its answer is handed over as bytes. */
  room: AnswerRoom;
}

/**
 * Gives questions their turn and their deadline. At the deadline the client gets 504 and the work is
 * ended by its signal; the place is free when it has ended, so that nothing piles up behind a 504.
 * An answer that turns out to be large waits for one of a few places more.
 */
export class Turns {
  readonly #timeoutMs: number;
  readonly #pace = new Pace();
  readonly #sizes: ReturnType<typeof answerSizes>;
  readonly #short: FairQueue;
  readonly #long: Readonly<Record<LongKind, FairQueue>>;
  readonly #large: FairQueue;

  constructor(config: Pick<ConsoleConfig, 'queryTimeoutMs' | 'queriesMax' | 'answerBytesMax'>) {
    const waitingMax = config.queriesMax;
    this.#timeoutMs = config.queryTimeoutMs;
    this.#sizes = answerSizes(config);
    this.#short = new FairQueue({ slots: shortPlaces, waitingMax });
    const one = () => new FairQueue({ slots: 1, waitingMax });
    this.#long = { ledger: one(), resubmission: one() };
    this.#large = new FairQueue({ slots: largePlaces, waitingMax });
  }

  /** Throws `QueryError`: `too-many-queries`, `timeout`, `client-gone`. */
  async take<T>(order: Order, work: (turn: Turn) => Promise<T>): Promise<T> {
    const endsAtMs = performance.now() + this.#timeoutMs;
    const deadline = (ending: AbortSignal) => this.#take(order, work, { ending, endsAtMs });
    return await abortAfter(this.#timeoutMs, deadline, {
      outer: order.gone,
      reason: () => late(this.#timeoutMs),
    });
  }

  async #take<T>(
    order: Order,
    work: (turn: Turn) => Promise<T>,
    { ending, endsAtMs }: Pick<Turn, 'ending' | 'endsAtMs'>,
  ): Promise<T> {
    const leaves = [await this.#enter(order, ending)];
    const leave = () => {
      for (const each of leaves.splice(0)) each();
    };
    const turn = async (): Promise<void> => {
      leaves.push(await this.#large.enter(order.tenant, ending));
    };
    const room = new AnswerRoom({ ...this.#sizes, turn });
    const working = this.#begin(work, { ending, endsAtMs, room }).finally(leave);
    try {
      return await unlessAborted(working, ending);
    } finally {
      // Where the work goes on, it holds its place for so long.
      if (ending.aborted) setTimeout(leave, stuckMs).unref();
    }
  }

  async #enter({ tenant, long, gone }: Order, ending: AbortSignal): Promise<() => void> {
    try {
      return await (long ? this.#long[long] : this.#short).enter(tenant, ending);
    } catch (error) {
      gone.throwIfAborted();
      // At the deadline it was not its turn yet: that is no slow answer.
      if (isStoreError(error, 'overloaded') || ending.aborted) {
        throw tooMany();
      }
      throw error;
    }
  }

  async #begin<T>(work: (turn: Turn) => Promise<T>, turn: Turn): Promise<T> {
    await this.#pace.next();
    turn.ending.throwIfAborted();
    return await work(turn);
  }
}

/** Where the turn of a question did not come in time. */
export function tooMany(): QueryError {
  const message = 'too many queries of this tenant run or wait already';
  return new QueryError('too-many-queries', message);
}

function late(timeoutMs: number): QueryError {
  return new QueryError('timeout', `no answer within ${timeoutMs} ms; ask for less`);
}
