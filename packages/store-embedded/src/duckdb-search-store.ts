import type { Position, TopicPartition } from '@spillway/broker';
import type { DecodedMessage, MessageOutcome, RowCount, SearchStore } from '@spillway/store';
import { applyMessages } from './apply-pieces.ts';
import { type Database, type DatabaseEvent, openDatabase } from './database.ts';
import { Dimensions } from './dimensions.ts';
import { findLogs, logHistogram } from './find-logs.ts';
import { findTraces, readTrace } from './find-traces.ts';
import { countRows, readApplied } from './ledger-rows.ts';
import { listMetrics } from './list-metrics.ts';
import { isOutOfMemory, largeTextFactor, memoryLimitDefaultMb, textLimits } from './memory.ts';
import { Origins } from './origins.ts';
import { Parameters } from './parameters.ts';
import { retentionDefaultMs } from './place-in-time.ts';
import { queryMetric } from './query-metric.ts';
import { readPoints } from './read-points.ts';
import { ReaderPool } from './reader-pool.ts';
import { emptyTables, noteRetired, retire } from './retire.ts';
import { listOperations, listServices } from './services.ts';

export interface DuckdbSearchStoreOptions {
  /** Created when missing; one process at a time. */
  dir: string;
  /** Of DuckDB's buffers. Default 96. */
  memoryLimitMb?: number | undefined;
  /** That one statement may use. Default 1. */
  threads?: number | undefined;
  /** How old a record may be at its acceptance and still lie at its own time. Default 7 days. */
  retentionMs?: number | undefined;
  report?: ((event: SearchStoreEvent) => void) | undefined;
}

export type SearchStoreEvent =
  | DatabaseEvent
  /** DuckDB gave up on its open file; it is opened anew for the next batch. */
  | { type: 'reopening'; reason: string }
  /** Large texts do not fit: from now on four times the configured memory may be used. */
  | { type: 'memory-raised'; memoryLimitMb: number };

export interface SearchStoreStats {
  /** Also those that a redelivery brought again. */
  stored: number;
  duplicates: number;
  deadLettered: number;
}

/** Queries that run at once; a long one leaves the other connection to short ones. */
const readers = 2;

export interface DuckdbSearchStore extends SearchStore {
  /** Since start. */
  stats(): SearchStoreStats;
}

/**
 * The search store in a DuckDB file. A batch is one transaction of rows, applied messages and
 * positions; it survives kill -9. A file that cannot be opened is set aside and the store begins
 * fresh without positions, so that the log fills it again. Throws on `start` when another process
 * has the folder open or a newer version wrote it.
 */
export function createDuckdbSearchStore(options: DuckdbSearchStoreOptions): DuckdbSearchStore {
  return new DuckdbStore(options);
}

class DuckdbStore implements DuckdbSearchStore {
  readonly name = 'duckdb';
  readonly #options: DuckdbSearchStoreOptions;
  readonly #dimensions = new Dimensions();
  readonly #origins = new Origins();
  readonly #stats: SearchStoreStats = { stored: 0, duplicates: 0, deadLettered: 0 };
  #open: { database: Database; readers: ReaderPool } | undefined;
  #failure: string | undefined;
  #memoryFactor = 1;
  /** Writes run one after the other. */
  #lastWrite: Promise<unknown> = Promise.resolve();

  constructor(options: DuckdbSearchStoreOptions) {
    this.#options = options;
  }

  start(): Promise<void> {
    return this.#inTurn(async () => {
      if (!this.#open) await this.#openFile();
    });
  }

  stop(): Promise<void> {
    return this.#inTurn(async () => {
      const open = this.#open;
      if (!open) return;
      this.#open = undefined;
      await open.readers.drain();
      await open.database.writer.run('CHECKPOINT').catch(() => {});
      open.database.close();
    });
  }

  health(): { ok: boolean; detail: string } {
    if (this.#failure !== undefined) return { ok: false, detail: this.#failure };
    return this.#open ? { ok: true, detail: 'open' } : { ok: false, detail: 'not started' };
  }

  stats(): SearchStoreStats {
    return { ...this.#stats };
  }

  apply(messages: readonly DecodedMessage[]): Promise<MessageOutcome[]> {
    if (messages.length === 0) return Promise.resolve([]);
    return this.#write(async (database) => {
      const outcomes = await applyMessages(
        {
          connection: database.writer,
          dimensions: this.#dimensions,
          retentionMs: this.#options.retentionMs ?? retentionDefaultMs,
          ...textLimits(this.#options.memoryLimitMb ?? memoryLimitDefaultMb),
        },
        messages,
      );
      this.#count(outcomes);
      return outcomes;
    });
  }

  /** A partition of which nothing was applied is left out. */
  nextPositions(partitions: readonly TopicPartition[]): Promise<Position[]> {
    const asked = new Set(partitions.map(partitionName));
    return this.#read(async (connection) => {
      const rows = await new Parameters().query(connection, nextPositionsSql);
      const positions = rows.map((row) => ({
        topic: row.topic as string,
        partition: row.partition as number,
        position: Number(row.next_position),
      }));
      return positions.filter((position) => asked.has(partitionName(position)));
    });
  }

  findTraces: SearchStore['findTraces'] = (query) =>
    this.#read((connection) => findTraces(connection, query));

  trace: SearchStore['trace'] = (tenant, traceId) =>
    this.#read((connection) => readTrace(connection, this.#origins, tenant, traceId));

  findLogs: SearchStore['findLogs'] = (query) =>
    this.#read((connection) => findLogs(connection, this.#origins, query));

  logHistogram: SearchStore['logHistogram'] = (query) =>
    this.#read((connection) => logHistogram(connection, query));

  metrics: SearchStore['metrics'] = (query) =>
    this.#read((connection) => listMetrics(connection, query));

  queryMetric: SearchStore['queryMetric'] = (query) =>
    this.#read((connection) => queryMetric(connection, query));

  points: SearchStore['points'] = (query) =>
    this.#read((connection) => readPoints(connection, this.#origins, query));

  services: SearchStore['services'] = (query) =>
    this.#read((connection) => listServices(connection, query));

  operations: SearchStore['operations'] = (query) =>
    this.#read((connection) => listOperations(connection, query));

  appliedMessages: SearchStore['appliedMessages'] = (range) =>
    this.#read((connection) => readApplied(connection, range));

  rowCounts: SearchStore['rowCounts'] = (range) =>
    this.#read((connection) => countRows(connection, range));

  retain(olderThanMs: number, accountOlderThanMs = olderThanMs): Promise<number> {
    return this.#write(async ({ writer }) => {
      const accountBeforeMs = Math.min(olderThanMs, accountOlderThanMs);
      const rows = await retire(writer, { beforeMs: olderThanMs, accountBeforeMs });
      this.#dimensions.forget();
      return rows;
    });
  }

  addRetired(counts: readonly RowCount[]): Promise<void> {
    return this.#write(({ writer }) => noteRetired(writer, counts));
  }

  reset(): Promise<void> {
    return this.#write(async ({ writer }) => {
      await emptyTables(writer);
      this.#dimensions.forget();
    });
  }

  async #openFile(): Promise<Database> {
    const {
      dir,
      memoryLimitMb = memoryLimitDefaultMb,
      threads = 1,
      report = () => {},
    } = this.#options;
    const open = () => {
      const limit = memoryLimitMb * this.#memoryFactor;
      return openDatabase({ dir, memoryLimitMb: limit, threads, readers }, report);
    };
    try {
      const database = await open().catch((error: unknown) => {
        if (!this.#raiseMemory(error)) throw error;
        return open();
      });
      this.#dimensions.forget();
      this.#open = { database, readers: new ReaderPool(database.readers) };
      this.#failure = undefined;
      return database;
    } catch (error) {
      this.#failure = (error as Error).message;
      throw error;
    }
  }

  #write<T>(work: (database: Database) => Promise<T>): Promise<T> {
    return this.#inTurn(async () => {
      if (!this.#open && this.#failure === undefined) throw new Error(notStarted);
      const database = this.#open?.database ?? (await this.#openFile());
      try {
        return await work(database);
      } catch (error) {
        if (isFatal(error)) await this.#giveUp(error as Error);
        throw error;
      }
    });
  }

  #read<T>(read: (connection: Database['writer']) => Promise<T>): Promise<T> {
    return this.#open ? this.#open.readers.use(read) : Promise.reject(new Error(notStarted));
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#lastWrite.then(work);
    this.#lastWrite = result.catch(() => {});
    return result;
  }

  /** After such an error DuckDB refuses everything until the file is opened anew. */
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
    if (!isOutOfMemory(error) || this.#memoryFactor > 1) return false;
    this.#memoryFactor = largeTextFactor;
    const memoryLimitMb = (this.#options.memoryLimitMb ?? memoryLimitDefaultMb) * largeTextFactor;
    this.#options.report?.({ type: 'memory-raised', memoryLimitMb });
    return true;
  }

  #count(outcomes: readonly MessageOutcome[]): void {
    for (const { status } of outcomes.flatMap(({ records }) => records)) {
      if (status === 'stored') this.#stats.stored++;
      else if (status === 'duplicate') this.#stats.duplicates++;
      else this.#stats.deadLettered++;
    }
  }
}

function partitionName({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}

const nextPositionsSql = `SELECT topic, "partition", max(next_position) AS next_position
  FROM consumer_position GROUP BY topic, "partition"`;

const notStarted = 'the search store is not started';

function isFatal(error: unknown): boolean {
  return /^FATAL|invalidated/.test((error as Error).message);
}
