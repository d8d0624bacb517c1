import { environmentCodeOf } from '@spillway/journal';
import { messageOf } from '@spillway/resilience';
import { StoreError } from '@spillway/store';
import {
  type Database,
  type DatabaseEvent,
  limitMemory,
  markDamaged,
  openDatabase,
} from './database.ts';
import { isOutOfMemory, largeTextFactor, memoryLimitDefaultMb } from './memory.ts';
import { ReaderPool, type ReadOptions } from './reader-pool.ts';

/** What an operator should know of the search store. */
export type SearchStoreEvent =
  | DatabaseEvent
  /** DuckDB gave up on its open file; it is opened again for the next batch. */
  | { type: 'reopening'; reason: string }
  /** Damage was met while it was open: it takes nothing more, and the next start sets it aside. */
  | { type: 'store-damaged'; path: string; reason: string }
  /** Large texts do not fit: from now on four times the configured memory may be used. */
  | { type: 'memory-raised'; memoryLimitMb: number };

export interface DatabaseFileOptions {
  dir: string;
  memoryLimitMb?: number | undefined;
  threads?: number | undefined;
  /** How many times its memory it may take, once large texts came. Default `largeTextFactor`. */
  factorMax?: number | undefined;
  report?: ((event: SearchStoreEvent) => void) | undefined;
  /** What is known of an earlier file no longer holds. */
  onOpened: () => void;
}

interface OpenFile {
  database: Database;
  readers: ReaderPool;
}

/** Queries that run at once. One tenant gets two: a long one leaves the other to short ones. */
const readers = 3;

const notStarted = 'the search store is not started';

/** The open file: writes one after the other, reads beside them, opened again after it broke. */
export class DatabaseFile {
  readonly #options: DatabaseFileOptions;
  #open: OpenFile | undefined;
  #failure: string | undefined;
  #damage: string | undefined;
  #memoryFactor = 1;
  #factorMax: number;
  #lastWrite: Promise<unknown> = Promise.resolve();

  constructor(options: DatabaseFileOptions) {
    this.#options = options;
    this.#factorMax = options.factorMax ?? largeTextFactor;
  }

  start(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#open) return;
      this.#damage = undefined;
      await this.#openFile({ mayStartEmpty: true });
    });
  }

  stop(): Promise<void> {
    return this.#inTurn(async () => {
      const open = this.#open;
      this.#failure = undefined;
      if (!open) return;
      this.#open = undefined;
      await open.readers.drain();
      await open.database.writer.run('CHECKPOINT').catch(() => {});
      open.database.close();
    });
  }

  health(): { ok: boolean; detail: string } {
    if (this.#damage !== undefined) return { ok: false, detail: this.#damage };
    if (this.#failure !== undefined) return { ok: false, detail: this.#failure };
    return this.#open ? { ok: true, detail: 'open' } : { ok: false, detail: 'not started' };
  }

  write<T>(work: (database: Database) => Promise<T>): Promise<T> {
    return this.#inTurn(async () => {
      // Nothing more is applied, so that the log keeps what the next start fills another one with.
      if (this.#damage !== undefined) throw new StoreError('unavailable', this.#damage);
      const { database } = await this.#opened();
      try {
        return await work(database);
      } catch (error) {
        await this.#heedDamage(error);
        if (isFatal(error)) await this.#giveUp(error as Error);
        else if (this.#raiseMemory(error)) await limitMemory(database.writer, this.#memoryLimitMb);
        throw error;
      }
    });
  }

  async read<T>(
    read: (connection: Database['writer']) => Promise<T>,
    options: ReadOptions = {},
  ): Promise<T> {
    if (this.#damage !== undefined && !this.#open)
      throw new StoreError('unavailable', this.#damage);
    // A consumer asks for positions before it applies anything again.
    const { readers } = this.#open ?? (await this.#inTurn(() => this.#opened()));
    try {
      return await readers.use(read, options);
    } catch (error) {
      await this.#heedDamage(error);
      const { cause } = error as Error;
      if (!(cause instanceof Error) || !this.#raiseMemory(cause)) throw error;
    }
    await readers.use((connection) => limitMemory(connection, this.#memoryLimitMb), options);
    return await readers.use(read, options);
  }

  /**
   * Keeps to the memory that it began with until the function that is given back is called: another
   * file is filled beside it, out of the same memory. What needs more has to wait, or is refused.
   */
  async lendMemory(): Promise<() => Promise<void>> {
    const [factor, factorMax] = [this.#memoryFactor, this.#factorMax];
    await this.#changeMemory(1, 1);
    return () => this.#changeMemory(factor, factorMax);
  }

  #changeMemory(factor: number, factorMax: number): Promise<void> {
    return this.#inTurn(async () => {
      const writer = this.#open?.database.writer;
      [this.#memoryFactor, this.#factorMax] = [factor, factorMax];
      if (!writer) return;
      await limitMemory(writer, this.#memoryLimitMb).catch(async () => {
        // What is not in the file yet stays in memory.
        await writer.run('CHECKPOINT');
        await limitMemory(writer, this.#memoryLimitMb);
      });
    });
  }

  async #heedDamage(error: unknown): Promise<void> {
    if (this.#damage !== undefined || !isDamage(error)) return;
    const { dir, report } = this.#options;
    const reason = messageOf(error);
    this.#damage =
      `the search store in ${dir} is damaged (${reason}): restart Spillway, ` +
      'which sets it aside and fills another one from the log';
    report?.({ type: 'store-damaged', path: dir, reason });
    // A full disk may not take the note; then the damage is met again.
    await markDamaged(dir, reason).catch(() => undefined);
  }

  /** Opens the file, again where DuckDB gave up on it. Only in turn. */
  async #opened(): Promise<OpenFile> {
    if (!this.#open && this.#failure === undefined) throw new StoreError('unavailable', notStarted);
    return this.#open ?? (await this.#openFile({ mayStartEmpty: false }));
  }

  async #openFile({ mayStartEmpty }: { mayStartEmpty: boolean }): Promise<OpenFile> {
    const { report = () => {}, onOpened } = this.#options;
    const { dir, threads = 1 } = this.#options;
    const open = () => {
      const limit = this.#memoryLimitMb;
      const options = { dir, memoryLimitMb: limit, threads, readers, mayStartEmpty };
      return openDatabase(options, report);
    };
    try {
      const database = await open().catch((error: unknown) => {
        if (!this.#raiseMemory(error)) throw error;
        return open();
      });
      onOpened();
      this.#open = { database, readers: new ReaderPool(database.readers) };
      this.#failure = undefined;
      return this.#open;
    } catch (error) {
      this.#failure = messageOf(error);
      await this.#heedDamage(error);
      throw error;
    }
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#lastWrite.then(work);
    this.#lastWrite = result.catch(() => {}); // The caller has it; the next one only waits.
    return result;
  }

  /** After such an error DuckDB refuses everything until the file is opened again. */
  async #giveUp(error: Error): Promise<void> {
    const open = this.#open;
    this.#open = undefined;
    this.#failure = error.message;
    this.#options.report?.({ type: 'reopening', reason: error.message });
    this.#raiseMemory(error);
    await open?.readers.drain();
    open?.database.close();
  }

  /** True when there is something to try again with. */
  #raiseMemory(error: unknown): boolean {
    if (!isOutOfMemory(error) || this.#memoryFactor >= this.#factorMax) return false;
    this.#memoryFactor = this.#factorMax;
    this.#options.report?.({ type: 'memory-raised', memoryLimitMb: this.#memoryLimitMb });
    return true;
  }

  get #memoryLimitMb(): number {
    return (this.#options.memoryLimitMb ?? memoryLimitDefaultMb) * this.#memoryFactor;
  }
}

/**
 * DuckDB keeps a checksum in each block and verifies it when it reads one. Errors of other kinds may
 * quote what a client asked.
 */
function isDamage(error: unknown): boolean {
  const { message } = error as Error;
  if (!/^(IO|Serialization|FATAL) Error:/.test(message)) return false;
  if (environmentCodeOf(error) !== undefined) return false;
  return /corrupt database file|not a valid duckdb|failed to deserialize/i.test(message);
}

function isFatal(error: unknown): boolean {
  return /^FATAL|invalidated/.test(messageOf(error));
}
