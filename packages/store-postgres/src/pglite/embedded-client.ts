/** PostgreSQL inside this process: PGlite in a worker thread, one connection. */
import { Worker } from 'node:worker_threads';
import { environmentCodeOf } from '@spillway/journal';
import { embeddedHeapMebibytes, embeddedYoungMebibytes } from '../budget.ts';
import type { Client, Param, Queryable, QueryResult } from '../client.ts';
import { DatabaseError, StoreUnavailableError } from '../errors.ts';
import type { Answer, Request, WorkerOptions } from './embedded-protocol.ts';

type RequestBody =
  | Omit<Extract<Request, { type: 'query' }>, 'id'>
  | Omit<Extract<Request, { type: 'script' }>, 'id'>
  | Omit<Extract<Request, { type: 'close' }>, 'id'>;

/** Files that the database holds open, and a few that it opens beside them. */
const embeddedFilesMax = 64;

/**
 * Small, because the rest of the pipeline lives in the same process. The file system below does
 * not sync and a power cut means a rebuild from the log, so torn pages need no protection.
 */
const settings = [
  'shared_buffers=16MB',
  'wal_buffers=1MB',
  'work_mem=4MB',
  'maintenance_work_mem=16MB',
  'full_page_writes=off',
  'wal_level=minimal',
  'max_wal_senders=0',
  'min_wal_size=32MB',
  'max_wal_size=64MB',
  // It would take a thousand descriptors, and the process has others to serve with them.
  `max_files_per_process=${embeddedFilesMax}`,
];

/** A thread that needs more ends, and the database is opened again. */
const resourceLimits = {
  maxOldGenerationSizeMb: embeddedHeapMebibytes,
  maxYoungGenerationSizeMb: embeddedYoungMebibytes,
};

/** In single-user mode nothing else makes checkpoints, and without them the WAL only grows. */
const checkpointEveryBytes = 16 * 1_048_576;

type OnCheckpoint = (client: Queryable) => Promise<void>;

interface Waiter {
  resolve(result: QueryResult | undefined): void;
  reject(error: Error): void;
}

export class EmbeddedClient implements Client {
  readonly #worker: Worker;
  readonly #waiters = new Map<number, Waiter>();
  readonly #onCheckpoint: OnCheckpoint;
  #nextId = 1;
  #turn: Promise<unknown> = Promise.resolve();
  #failure: Error | undefined;
  #damage: string | undefined;
  #closing: Promise<void> | undefined;
  #bytesSinceCheckpoint = 0;
  #inTransaction: Queryable;

  private constructor(worker: Worker, onCheckpoint: OnCheckpoint = async () => {}) {
    this.#worker = worker;
    this.#onCheckpoint = onCheckpoint;
    this.#inTransaction = {
      query: (sql, params) => this.#query(sql, params),
      script: (sql) => this.#script(sql),
    };
    worker.on('message', (answer: Answer) => this.#settle(answer));
    worker.on('error', (error) => this.#fail(error));
    worker.on('exit', () => this.#fail(new Error('the thread of the database ended')));
  }

  /**
   * Rejects when the folder cannot be opened, with what PostgreSQL said.
   * @param onCheckpoint runs after each, before anything else is written
   */
  static async open(
    options: Omit<WorkerOptions, 'settings'>,
    onCheckpoint?: OnCheckpoint,
  ): Promise<EmbeddedClient> {
    const workerData: WorkerOptions = { ...options, settings };
    const url = new URL('./embedded-worker.ts', import.meta.url);
    const worker = new Worker(url, { workerData, resourceLimits });
    const client = new EmbeddedClient(worker, onCheckpoint);
    try {
      await new Promise<unknown>((resolve, reject) => {
        client.#waiters.set(0, { resolve, reject });
      });
      return client;
    } catch (error) {
      await client.#worker.terminate();
      throw error;
    }
  }

  query(sql: string, params?: readonly Param[]): Promise<QueryResult> {
    return this.#inTurn(() => this.#query(sql, params));
  }

  script(sql: string): Promise<void> {
    return this.#inTurn(() => this.#script(sql));
  }

  endingWith(ending: AbortSignal | undefined): Queryable {
    const unlessEnded = <T>(work: () => Promise<T>): Promise<T> =>
      this.#inTurn(async () => {
        ending?.throwIfAborted();
        return await work();
      });
    return {
      query: (sql, params) => unlessEnded(() => this.#query(sql, params)),
      script: (sql) => unlessEnded(() => this.#script(sql)),
    };
  }

  transaction<T>(work: (tx: Queryable) => Promise<T>): Promise<T> {
    return this.#inTurn(async () => {
      await this.#script('BEGIN');
      let result: T;
      try {
        result = await work(this.#inTransaction);
      } catch (error) {
        // A dead worker cannot roll back; recovery does.
        await this.#script('ROLLBACK').catch(() => undefined);
        throw error;
      }
      await this.#script('COMMIT');
      await this.#checkpointIfDue();
      return result;
    });
  }

  /** What PostgreSQL said of its own files; undefined while they seem whole. */
  get damage(): string | undefined {
    return this.#damage;
  }

  health(): { ok: boolean; detail: string } {
    if (this.#failure) return { ok: false, detail: this.#failure.message };
    return { ok: true, detail: 'PGlite is open' };
  }

  close(): Promise<void> {
    this.#closing ??= this.#inTurn(async () => {
      if (this.#failure) return;
      if (this.#damage === undefined) await this.#checkpoint().catch(() => undefined);
      await this.#request({ type: 'close' });
      this.#failure = new Error('the database is closed');
    }).finally(() => this.#worker.terminate());
    return this.#closing;
  }

  /** One connection: whoever comes while another works waits. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async #query(sql: string, params: readonly Param[] = []): Promise<QueryResult> {
    const texts = params.map((param) => (param === null ? null : String(param)));
    for (const text of texts) this.#bytesSinceCheckpoint += text?.length ?? 0;
    const result = await this.#request({ type: 'query', sql, params: texts });
    return result as QueryResult;
  }

  async #script(sql: string): Promise<void> {
    await this.#request({ type: 'script', sql });
  }

  async #checkpointIfDue(): Promise<void> {
    if (this.#bytesSinceCheckpoint < checkpointEveryBytes) return;
    this.#bytesSinceCheckpoint = 0;
    await this.#checkpoint();
  }

  async #checkpoint(): Promise<void> {
    await this.#script('CHECKPOINT');
    // Only a comparison at the next start has less to go by; what is committed stays so.
    await this.#onCheckpoint(this.#inTransaction).catch(() => undefined);
  }

  #request(body: RequestBody): Promise<QueryResult | undefined> {
    if (this.#failure) throw new StoreUnavailableError(this.#failure.message);
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#waiters.set(id, { resolve, reject });
      this.#worker.postMessage({ id, ...body });
    });
  }

  #settle({ id, result, error }: Answer): void {
    const waiter = this.#waiters.get(id);
    this.#waiters.delete(id);
    if (error?.code !== undefined) {
      const refusal = new DatabaseError(error.message, error.code);
      if (refusal.blamesFiles && environmentCodeOf(refusal) === undefined) {
        this.#damage ??= refusal.message;
      }
      waiter?.reject(refusal);
    } else if (error) {
      waiter?.reject(new StoreUnavailableError(error.message));
      this.#fail(new Error(error.message));
    } else waiter?.resolve(result);
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    const waiters = [...this.#waiters.values()];
    this.#waiters.clear();
    for (const waiter of waiters) {
      waiter.reject(new StoreUnavailableError(this.#failure.message));
    }
  }
}
