/** A pool of connections to a PostgreSQL server. */
import { finished } from 'node:stream/promises';
import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import type { Cell, Client, Param, Queryable, QueryResult } from '../client.ts';
import type { PostgresStoreEvent } from '../config.ts';
import { DatabaseError, StoreUnavailableError } from '../errors.ts';
import { ended, inTime } from './ending.ts';
import { beginSession, type SessionOptions } from './session.ts';

/** `connectTimeoutMs` is also the longest wait for a connection that is in use. */
export interface ServerClientOptions extends SessionOptions {
  connection: pg.ClientConfig;
  connectionsMax: number;
  /**
   * Makes the server end what the session of that id does. With it, statements end at the signal of
   * who asked and when the client is closed; without, a close waits for them.
   */
  cancel?: ((sessionId: number) => Promise<void>) | undefined;
  report?: ((event: PostgresStoreEvent) => void) | undefined;
}

/** What the server would answer later than this, it answers no more. */
const graceMs = 1_000;
/** Callers that may wait for a connection; one more is refused at once. */
const waitingMax = 64;
const idleTimeoutMs = 10_000;
/** While the server cannot be used, it is asked this often whether it can again. */
const probeEveryMs = 1_000;

/** Results stay as PostgreSQL prints them. */
const asPrinted = { getTypeParser: () => (value: string) => value };

interface Trouble {
  reason: string;
  /** Else only a transaction that commits ends it: the server answers, but takes no writes. */
  endsWhenAnswered: boolean;
}

export class ServerClient implements Client {
  readonly #options: ServerClientOptions;
  readonly #pool: pg.Pool;
  readonly #timeout: { query_timeout: number };
  readonly #sessions = new WeakMap<pg.ClientBase, number>();
  /** Ends what is under way; only where that can be cancelled. */
  readonly #closed: AbortController | undefined;
  #trouble: Trouble | undefined;
  #probe: NodeJS.Timeout | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: ServerClientOptions) {
    this.#options = options;
    this.#closed = options.cancel && new AbortController();
    this.#timeout = { query_timeout: options.statementTimeoutMs + graceMs };
    this.#pool = new pg.Pool({
      ...options.connection,
      max: options.connectionsMax,
      connectionTimeoutMillis: options.connectTimeoutMs,
      idleTimeoutMillis: idleTimeoutMs,
      onConnect: async (client) => {
        // It reaches whoever waits for an answer; without a listener it would end the process.
        client.on('error', () => undefined);
        this.#sessions.set(client, await beginSession(client, options));
      },
    });
    this.#pool.on('error', (error) => this.#failed(new StoreUnavailableError(error.message)));
  }

  query(sql: string, params?: readonly Param[]): Promise<QueryResult> {
    return this.endingWith(undefined).query(sql, params);
  }

  script(sql: string): Promise<void> {
    return this.endingWith(undefined).script(sql);
  }

  endingWith(asked: AbortSignal | undefined): Queryable {
    const closed = this.#closed?.signal;
    const ending = asked && closed ? AbortSignal.any([asked, closed]) : closed;
    return {
      query: (sql, params) =>
        this.#using((connection) => this.#on(connection, ending).query(sql, params), ending),
      script: (sql) =>
        this.#using((connection) => this.#on(connection, ending).script(sql), ending),
    };
  }

  async transaction<T>(work: (tx: Queryable) => Promise<T>): Promise<T> {
    const ending = this.#closed?.signal;
    const result = await this.#using(
      (connection) => this.#transaction(connection, () => work(this.#on(connection, ending))),
      ending,
    );
    this.#end(this.#trouble);
    return result;
  }

  health(): { ok: boolean; detail: string } {
    if (this.#trouble) return { ok: false, detail: this.#trouble.reason };
    const { totalCount, idleCount } = this.#pool;
    const { connectionsMax } = this.#options;
    return { ok: true, detail: `${totalCount - idleCount} of ${connectionsMax} connections busy` };
  }

  close(): Promise<void> {
    clearTimeout(this.#probe);
    this.#closing ??= this.#pool.end();
    this.#closed?.abort(new StoreUnavailableError('the store is stopped'));
    return this.#closing;
  }

  async #transaction<T>(connection: pg.PoolClient, work: () => Promise<T>) {
    const tx = this.#on(connection);
    await tx.script('BEGIN ISOLATION LEVEL READ COMMITTED');
    let result: T;
    try {
      result = await work();
    } catch (error) {
      // A connection that is lost rolls back by itself.
      if (!(error instanceof StoreUnavailableError)) await tx.script('ROLLBACK');
      throw error;
    }
    const { command } = await this.#run(connection, { text: 'COMMIT' });
    // Of a transaction in which a statement failed PostgreSQL answers COMMIT with ROLLBACK.
    if (command !== 'COMMIT') throw new Error('the transaction had failed and was rolled back');
    return result;
  }

  /** A connection that failed is closed; one that answered, if only with an error, is kept. */
  async #using<T>(
    work: (connection: pg.PoolClient) => Promise<T>,
    ending: AbortSignal | undefined,
  ): Promise<T> {
    let connection: pg.PoolClient | undefined;
    try {
      connection = await this.#connect(ending);
      const result = await work(connection);
      connection.release();
      if (this.#trouble?.endsWhenAnswered) this.#end(this.#trouble);
      return result;
    } catch (error) {
      connection?.release(error instanceof StoreUnavailableError);
      // It was asked no more: that says nothing about the server.
      ending?.throwIfAborted();
      this.#failed(error);
      throw error;
    }
  }

  async #connect(ending: AbortSignal | undefined): Promise<pg.PoolClient> {
    ending?.throwIfAborted();
    if (this.#closing) throw new StoreUnavailableError('the store is stopped');
    if (this.#pool.waitingCount >= waitingMax) {
      throw new StoreUnavailableError(`${waitingMax} callers wait for a connection`);
    }
    try {
      const connecting = this.#pool.connect();
      if (!ending) return await connecting;
      return await inTime(connecting, { ending, giveBack: (late) => late.release() });
    } catch (error) {
      throw errorOf(error);
    }
  }

  #on(connection: pg.PoolClient, ending?: AbortSignal): Queryable {
    return {
      query: async (text, params = []) => {
        const values = params.map((param) => (param === null ? null : String(param)));
        const config = { text, values, types: asPrinted, rowMode: 'array' };
        const { rows, rowCount } = await this.#run(connection, config, ending);
        return { rows: rows as Cell[][], count: rowCount ?? rows.length };
      },
      script: async (text) => {
        await this.#run(connection, { text }, ending);
      },
      copy: async (sql, text) => {
        const stream = connection.query(Object.assign(copyFrom(sql), this.#timeout));
        try {
          await finished(stream.end(text));
        } catch (error) {
          throw errorOf(error);
        }
      },
    };
  }

  async #run(
    connection: pg.PoolClient,
    config: pg.QueryConfig & { rowMode?: string },
    ending?: AbortSignal,
  ) {
    ending?.throwIfAborted();
    try {
      const running = connection.query({ ...config, ...this.#timeout } as pg.QueryConfig);
      if (!ending) return await running;
      return await ended(running, { ending, cancel: () => this.#cancel(connection) });
    } catch (error) {
      throw errorOf(error);
    }
  }

  async #cancel(connection: pg.PoolClient): Promise<void> {
    const sessionId = this.#sessions.get(connection);
    if (sessionId !== undefined) await this.#options.cancel?.(sessionId);
  }

  #failed(error: unknown): void {
    if (this.#closing) return;
    const answered = error instanceof DatabaseError;
    if (answered ? !error.blamesServer : !(error instanceof StoreUnavailableError)) return;
    const { message: reason } = error as Error;
    if (!this.#trouble) this.#options.report?.({ type: 'store-unavailable', reason });
    this.#trouble = { reason, endsWhenAnswered: !answered };
    this.#probe ??= this.#probeLater();
  }

  #end(trouble: Trouble | undefined): void {
    if (!trouble) return;
    this.#trouble = undefined;
    clearTimeout(this.#probe);
    this.#probe = undefined;
    this.#options.report?.({ type: 'store-available' });
  }

  #probeLater(): NodeJS.Timeout {
    return setTimeout(async () => {
      await this.query('SELECT 1').catch(() => undefined);
      if (this.#probe && !this.#closing) this.#probe = this.#probeLater();
    }, probeEveryMs).unref();
  }
}

/** FATAL is the end of the connection; what has no SQLSTATE never reached the server. */
function errorOf(error: unknown): Error {
  const { message, code } = error as NodeJS.ErrnoException;
  if (error instanceof pg.DatabaseError && error.code && error.severity === 'ERROR') {
    return new DatabaseError(message, error.code);
  }
  return new StoreUnavailableError(message || code || 'the connection failed', { cause: error });
}
