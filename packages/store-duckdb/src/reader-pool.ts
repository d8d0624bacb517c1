import type { DuckDBConnection } from '@duckdb/node-api';
import { StoreError } from '@spillway/store';
import { FairQueue } from '@spillway/store/search';

/** Queries that may wait for a connection, of all tenants; those of one that has more are refused. */
const waitingMax = 100;
/** DuckDB forgets an interrupt that comes between two statements of a reading. */
const interruptEveryMs = 20;

export interface ReadOptions {
  /** Whose turn it takes; none: the process's own. */
  tenant?: string | undefined;
  /** Interrupts the statement that runs; the reading then rejects with the signal's reason. */
  ending?: AbortSignal | undefined;
}

/**
 * A DuckDB connection runs one query at a time; these are the ones kept for reading. No tenant gets
 * all of them, and one whose queries wait keeps no other from its turn.
 */
export class ReaderPool {
  readonly #free: DuckDBConnection[];
  readonly #queue: FairQueue;
  readonly #closing = new AbortController();
  readonly #inUse = new Set<Promise<unknown>>();

  constructor(connections: readonly DuckDBConnection[]) {
    this.#free = [...connections];
    this.#queue = new FairQueue({ slots: connections.length, waitingMax });
  }

  /** Ends what is being read; resolves when no connection is in use, and none will be again. */
  async drain(): Promise<void> {
    this.#closing.abort(new StoreError('unavailable', 'the search store is closing'));
    await Promise.allSettled(this.#inUse);
  }

  async use<T>(
    read: (connection: DuckDBConnection) => Promise<T>,
    { tenant = '', ending }: ReadOptions = {},
  ): Promise<T> {
    const closing = this.#closing.signal;
    const signal = ending ? AbortSignal.any([ending, closing]) : closing;
    const leave = await this.#queue.enter(tenant, signal);
    const reading = this.#read(read, signal).finally(leave);
    this.#inUse.add(reading);
    return await reading.finally(() => this.#inUse.delete(reading));
  }

  async #read<T>(
    read: (connection: DuckDBConnection) => Promise<T>,
    abort: AbortSignal,
  ): Promise<T> {
    abort.throwIfAborted();
    const connection = this.#free.pop();
    if (!connection) throw new Error('there is a turn to read and no connection');
    let interrupting: NodeJS.Timeout | undefined;
    const interrupt = (): void => {
      connection.interrupt();
      interrupting = setInterval(() => connection.interrupt(), interruptEveryMs);
    };
    abort.addEventListener('abort', interrupt, { once: true });
    try {
      const answer = await read(connection);
      abort.throwIfAborted();
      return answer;
    } catch (error) {
      abort.throwIfAborted();
      throw error;
    } finally {
      abort.removeEventListener('abort', interrupt);
      clearInterval(interrupting);
      this.#free.push(connection);
    }
  }
}
