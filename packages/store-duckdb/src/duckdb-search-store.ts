import { type Position, partitionName, type TopicPartition } from '@spillway/broker';
import type { RowCount } from '@spillway/ledger';
import {
  BegunMessages,
  type DecodedMessage,
  type MessageOutcome,
  type SearchStats,
  type SearchStore,
  type StoreCapabilities,
} from '@spillway/store';
import { retentionDefaultMs } from '@spillway/store/search';
import { dimensionsShare, originsShare } from './budget.ts';
import { DatabaseFile, type SearchStoreEvent } from './database-file.ts';
import { besideFactor, largeTextFactor, memoryLimitDefaultMb, textLimits } from './memory.ts';
import { findLogs, logHistogram } from './read/find-logs.ts';
import { findTraces, readTrace } from './read/find-traces.ts';
import { listMetrics } from './read/list-metrics.ts';
import { Pages } from './read/pages.ts';
import { Parameters } from './read/parameters.ts';
import { queryMetric } from './read/query-metric.ts';
import { readPoints } from './read/read-points.ts';
import { listOperations, listServices } from './read/services.ts';
import { applyMessages } from './write/apply-pieces.ts';
import { Dimensions } from './write/dimensions.ts';
import { countRows, readApplied } from './write/ledger-rows.ts';
import { emptyTables, noteRetired, retire } from './write/retire.ts';

/** Options of the search store in the data folder. */
export interface DuckdbSearchStoreOptions {
  /** Created when missing; one process at a time. */
  dir: string;
  /** Mebibytes of DuckDB's buffers. Default 96. */
  memoryLimitMb?: number | undefined;
  /** That one statement may use. Default 1. */
  threads?: number | undefined;
  /** How old a record may be at its acceptance and still lie at its own time. Default 7 days. */
  retentionMs?: number | undefined;
  /** The store that is in use while this one is filled: from start to stop they share its memory. */
  beside?: Pick<DuckdbSearchStore, 'lendMemory'> | undefined;
  report?: ((event: SearchStoreEvent) => void) | undefined;
}

/**
 * A search store in a DuckDB file, which can share its memory with one that is filled beside it.
 */
export interface DuckdbSearchStore extends SearchStore {
  /**
   * Keeps to `memoryLimitMb`, so that the other store has room, until the returned function is
   * called.
   */
  lendMemory(): Promise<() => Promise<void>>;
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
  readonly capabilities: StoreCapabilities = {
    nextPositions: (partitions) => this.#nextPositions(partitions),
  };
  readonly #options: DuckdbSearchStoreOptions;
  readonly #dimensions: Dimensions;
  readonly #pages: Pages;
  readonly #begun = new BegunMessages();
  readonly #stats: SearchStats = { stored: 0, duplicates: 0, deadLettered: 0, retried: 0 };
  readonly #file: DatabaseFile;
  #giveBack: (() => Promise<void>) | undefined;

  constructor(options: DuckdbSearchStoreOptions) {
    this.#options = options;
    const memoryBytes = (options.memoryLimitMb ?? memoryLimitDefaultMb) * 1_048_576;
    const { beside } = options;
    // A store that is being filled answers no questions: its ids take the place of answered
    // origins.
    this.#dimensions = new Dimensions((beside ? originsShare : dimensionsShare) * memoryBytes);
    this.#pages = new Pages(originsShare * memoryBytes);
    const factorMax = beside ? besideFactor : largeTextFactor;
    this.#file = new DatabaseFile({ ...options, factorMax, onOpened: () => this.#forget() });
  }

  async start(): Promise<void> {
    this.#giveBack ??= await this.#options.beside?.lendMemory();
    await this.#file.start();
  }

  async stop(): Promise<void> {
    await this.#file.stop();
    const giveBack = this.#giveBack;
    this.#giveBack = undefined;
    await giveBack?.();
  }

  lendMemory(): Promise<() => Promise<void>> {
    return this.#file.lendMemory();
  }

  health(): { ok: boolean; detail: string } {
    return this.#file.health();
  }

  stats(): SearchStats {
    return { ...this.#stats };
  }

  apply(messages: readonly DecodedMessage[]): Promise<MessageOutcome[]> {
    if (messages.length === 0) return Promise.resolve([]);
    return this.#file.write(async (database) => {
      for (const message of messages) this.#begun.check(message);
      const outcomes = await applyMessages(
        {
          connection: database.writer,
          dimensions: this.#dimensions,
          retentionMs: this.#options.retentionMs ?? retentionDefaultMs,
          ...textLimits(this.#options.memoryLimitMb ?? memoryLimitDefaultMb),
        },
        messages,
      );
      for (const message of messages) this.#begun.note(message);
      this.#count(outcomes);
      return outcomes;
    });
  }

  /** A partition of which nothing was applied is left out. */
  #nextPositions(partitions: readonly TopicPartition[]): Promise<Position[]> {
    const asked = new Set(partitions.map(partitionName));
    return this.#file.read(async (connection) => {
      const rows = await new Parameters().rows(connection, nextPositionsSql);
      const positions = rows.map((row) => ({
        topic: row.topic as string,
        partition: row.partition as number,
        position: Number(row.next_position),
      }));
      return positions.filter((position) => asked.has(partitionName(position)));
    });
  }

  findTraces: SearchStore['findTraces'] = (query) =>
    this.#file.read((connection) => findTraces(connection, query), query);

  trace: SearchStore['trace'] = (tenant, traceId, asked) =>
    this.#file.read(
      (connection) => readTrace(connection, this.#pages, { tenant, traceId, ...asked }),
      { tenant, ending: asked?.ending },
    );

  findLogs: SearchStore['findLogs'] = (query) =>
    this.#file.read((connection) => findLogs(connection, this.#pages, query), query);

  logHistogram: SearchStore['logHistogram'] = (query) =>
    this.#file.read((connection) => logHistogram(connection, query), query);

  metrics: SearchStore['metrics'] = (query) =>
    this.#file.read((connection) => listMetrics(connection, query), query);

  queryMetric: SearchStore['queryMetric'] = (query) =>
    this.#file.read((connection) => queryMetric(connection, this.#pages, query), query);

  points: SearchStore['points'] = (query) =>
    this.#file.read((connection) => readPoints(connection, this.#pages, query), query);

  services: SearchStore['services'] = (query) =>
    this.#file.read((connection) => listServices(connection, query), query);

  operations: SearchStore['operations'] = (query) =>
    this.#file.read((connection) => listOperations(connection, query), query);

  appliedMessages: SearchStore['appliedMessages'] = (range) =>
    this.#file.read((connection) => readApplied(connection, range), range);

  rowCounts: SearchStore['rowCounts'] = (range) =>
    this.#file.read((connection) => countRows(connection, range), range);

  retain(olderThanMs: number, accountOlderThanMs = olderThanMs): Promise<number> {
    return this.#file.write(async ({ writer }) => {
      const accountBeforeMs = Math.min(olderThanMs, accountOlderThanMs);
      const rows = await retire(writer, { beforeMs: olderThanMs, accountBeforeMs });
      this.#dimensions.forget();
      return rows;
    });
  }

  addRetired(counts: readonly RowCount[]): Promise<void> {
    return this.#file.write(({ writer }) => noteRetired(writer, counts));
  }

  reset(): Promise<void> {
    return this.#file.write(async ({ writer }) => {
      await emptyTables(writer);
      this.#forget();
    });
  }

  #forget(): void {
    this.#dimensions.forget();
    this.#begun.forget();
  }

  #count(outcomes: readonly MessageOutcome[]): void {
    for (const { status } of outcomes.flatMap(({ records }) => records)) {
      if (status === 'stored') this.#stats.stored++;
      else if (status === 'duplicate') this.#stats.duplicates++;
      else this.#stats.deadLettered++;
    }
  }
}

const nextPositionsSql = `SELECT topic, "partition", max(next_position) AS next_position
  FROM consumer_position GROUP BY topic, "partition"`;
