import { FairQueue } from '@spillway/store/search';
import { QueryError } from '../http/errors.ts';

/**
 * The live tails that are open, so many at most; one tenant has at most half of the places. None of
 * them outlives the console.
 */
export class Tails {
  readonly #places: FairQueue;
  readonly #closing = new AbortController();

  constructor({ tailsMax }: { tailsMax: number }) {
    this.#places = new FairQueue({ slots: tailsMax, waitingMax: 0 });
  }

  /** Aborted when the console stops. */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  /** Gives back what is to be called at the end. Throws `overloaded` when there is no place. */
  async enter(tenant: string): Promise<() => void> {
    return await this.#places.enter(tenant, this.closing);
  }

  close(): void {
    this.#closing.abort(new QueryError('unavailable', 'the console is stopping; ask again'));
  }
}
