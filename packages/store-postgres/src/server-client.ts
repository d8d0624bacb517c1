/** A pool of connections to a PostgreSQL server. */
import { finished } from 'node:stream/promises';
import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import type { Cell, Client, Param, Queryable, QueryResult } from './client.ts';
import type { PostgresStoreEvent } from './config.ts';
import { DatabaseError, StoreUnavailableError } from './errors.ts';

export interface ServerClientOptions {
  connection: pg.ClientConfig;
  schema: string;
  connectionsMax: number;
  /** Also the longest wait for a connection that is in use. */
  connectTimeoutMs: number;
  statementTimeoutMs: number;
  lockTimeoutMs: number;
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
  #trouble: Trouble | undefined;
  #probe: NodeJS.Timeout | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: ServerClientOptions) {
    this.#options = options;
    this.#timeout = { query_timeout: options.statementTimeoutMs + graceMs };
    this.#pool = new pg.Pool({
      ...options.connection,
      max: options.connectionsMax,
      connectionTimeoutMillis: options.connectTimeoutMs,
      idleTimeoutMillis: idleTimeoutMs,
      onConnect: async (client) => {
        // It reaches whoever waits for an answer; without a listener it would end the process.
        client.on('error', () => undefined);
        await client.query(sessionSql(options));
      },
    });
    this.#pool.on('error', (error) => this.#failed(new StoreUnavailableError(error.message)));
  }

  query(sql: string, params?: readonly Param[]): Promise<QueryResult> {
    return this.#using((connection) => this.#on(connection).query(sql, params));
  }

  script(sql: string): Promise<void> {
    return this.#using((connection) => this.#on(connection).script(sql));
  }

  async transaction<T>(work: (tx: Queryable) => Promise<T>): Promise<T> {
    const result = await this.#using((connection) => this.#transaction(connection, work));
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
    return this.#closing;
  }

  async #transaction<T>(connection: pg.PoolClient, work: (tx: Queryable) => Promise<T>) {
    const tx = this.#on(connection);
    await tx.script('BEGIN ISOLATION LEVEL READ COMMITTED');
    let result: T;
    try {
      result = await work(tx);
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
  async #using<T>(work: (connection: pg.PoolClient) => Promise<T>): Promise<T> {
    let connection: pg.PoolClient | undefined;
    try {
      connection = await this.#connect();
      const result = await work(connection);
      connection.release();
      if (this.#trouble?.endsWhenAnswered) this.#end(this.#trouble);
      return result;
    } catch (error) {
      connection?.release(error instanceof StoreUnavailableError);
      this.#failed(error);
      throw error;
    }
  }

  async #connect(): Promise<pg.PoolClient> {
    if (this.#closing) throw new StoreUnavailableError('the store is stopped');
    if (this.#pool.waitingCount >= waitingMax) {
      throw new StoreUnavailableError(`${waitingMax} callers wait for a connection`);
    }
    try {
      return await this.#pool.connect();
    } catch (error) {
      throw errorOf(error);
    }
  }

  #on(connection: pg.PoolClient): Queryable {
    return {
      query: async (text, params = []) => {
        const values = params.map((param) => (param === null ? null : String(param)));
        const config = { text, values, types: asPrinted, rowMode: 'array' };
        const { rows, rowCount } = await this.#run(connection, config);
        return { rows: rows as Cell[][], count: rowCount ?? rows.length };
      },
      script: async (text) => {
        await this.#run(connection, { text });
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

  async #run(connection: pg.PoolClient, config: pg.QueryConfig & { rowMode?: string }) {
    try {
      return await connection.query({
        ...config,
        ...this.#timeout,
      } as pg.QueryConfig);
    } catch (error) {
      throw errorOf(error);
    }
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

/** Each new connection says this once, so that results never depend on the server's defaults. */
function sessionSql(options: ServerClientOptions): string {
  const settings = {
    search_path: options.schema,
    statement_timeout: options.statementTimeoutMs,
    lock_timeout: options.lockTimeoutMs,
    // A writer that hangs must not keep its locks.
    idle_in_transaction_session_timeout: options.statementTimeoutMs,
    extra_float_digits: 1,
    bytea_output: 'hex',
    datestyle: 'ISO',
    jit: 'off',
  };
  return Object.entries(settings)
    .map(([name, value]) => `SET ${name} = ${value};`)
    .join('');
}

/** FATAL is the end of the connection; what has no SQLSTATE never reached the server. */
function errorOf(error: unknown): Error {
  const { message, code } = error as NodeJS.ErrnoException;
  if (error instanceof pg.DatabaseError && error.code && error.severity === 'ERROR') {
    return new DatabaseError(message, error.code);
  }
  return new StoreUnavailableError(message || code || 'the connection failed', { cause: error });
}
