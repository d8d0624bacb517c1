import type { DuckDBConnection } from '@duckdb/node-api';

/** Queries that may wait for a connection; more are refused at once. */
const waitingMax = 100;

/** Too many queries wait already: try again a little later. */
export class TooManyQueriesError extends Error {
  constructor() {
    super('too many queries are waiting for the search store');
    this.name = 'TooManyQueriesError';
  }
}

/** A DuckDB connection runs one query at a time; these are the ones kept for reading. */
export class ReaderPool {
  readonly #free: DuckDBConnection[];
  readonly #waiting: ((connection: DuckDBConnection) => void)[] = [];
  readonly #size: number;

  constructor(connections: readonly DuckDBConnection[]) {
    this.#free = [...connections];
    this.#size = connections.length;
  }

  /** Takes the connections out of use for good, each when its query has ended. */
  async drain(): Promise<void> {
    await Promise.all(Array.from({ length: this.#size }, () => this.#take()));
  }

  async use<T>(read: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
    const connection = await this.#take();
    try {
      return await read(connection);
    } finally {
      const next = this.#waiting.shift();
      if (next) next(connection);
      else this.#free.push(connection);
    }
  }

  async #take(): Promise<DuckDBConnection> {
    const free = this.#free.pop();
    if (free) return free;
    if (this.#waiting.length >= waitingMax) throw new TooManyQueriesError();
    return await new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }
}
