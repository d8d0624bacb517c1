import type { Client } from '@elastic/elasticsearch';
import type {
  DecodedMessage,
  MessageOutcome,
  Rebuild,
  RecordOutcome,
  RowCount,
  SearchStore,
} from '@spillway/store';
import { retentionDefaultMs } from '@spillway/store/search';
import { retiredLine } from './account.ts';
import { applyMessages } from './apply.ts';
import { type BulkOptions, sendBulk } from './bulk.ts';
import { createClient } from './client.ts';
import type { ElasticsearchSection } from './config.ts';
import { connect, installTemplates } from './connect.ts';
import { StoreUnavailableError } from './errors.ts';
import { findLogs, logHistogram } from './find-logs.ts';
import { findTraces } from './find-traces.ts';
import { Generations } from './generations.ts';
import { countRows, readApplied } from './ledger.ts';
import { listMetrics } from './list-metrics.ts';
import { IndexNames } from './names.ts';
import { queryMetric } from './query-metric.ts';
import { readPoints } from './read-points.ts';
import { readTrace } from './read-trace.ts';
import { Reader } from './reader.ts';
import { beginRebuild } from './rebuild.ts';
import { dropGeneration, type RetentionContext, retain } from './retention.ts';
import { listOperations, listServices } from './services.ts';
import { StateDocument } from './state.ts';

export interface ElasticsearchStoreOptions extends ElasticsearchSection {
  /** How old a record may be at its acceptance and still lie at its own time. Default 7 days. */
  retentionMs?: number | undefined;
  report?: ((event: SearchStoreEvent) => void) | undefined;
  /** Ms since the epoch; only puts applied messages in order. */
  now?: (() => number) | undefined;
}

export type SearchStoreEvent =
  | { type: 'search-unreachable'; reason: string }
  | { type: 'search-reachable' };

export interface SearchStoreStats {
  /** Also those that a redelivery brought again. */
  stored: number;
  duplicates: number;
  deadLettered: number;
  /** Records that the server did not take at once. */
  retried: number;
}

export interface ElasticsearchStore extends SearchStore {
  /** Since start. */
  stats(): SearchStoreStats;
  beginRebuild(signal?: AbortSignal): Promise<Rebuild>;
}

/**
 * The search store in Elasticsearch 8 or 9, shared by any number of processes. When `apply`
 * resolves, the documents are synced to the disk of every copy that the server counts as in sync;
 * they are found within the refresh interval. Throws `StoreUnavailableError` when the server does
 * not work, `UnsupportedServerError` on start.
 */
export function createElasticsearchStore(options: ElasticsearchStoreOptions): ElasticsearchStore {
  return new Store(options);
}

class Store implements ElasticsearchStore {
  readonly name = 'elasticsearch';
  readonly #options: ElasticsearchStoreOptions;
  readonly #names: IndexNames;
  readonly #client: Client;
  readonly #document: StateDocument;
  readonly #generations: Generations;
  readonly #bulk: BulkOptions;
  readonly #stopping = new AbortController();
  readonly #stats: SearchStoreStats = { stored: 0, duplicates: 0, deadLettered: 0, retried: 0 };
  #isStarted = false;
  #trouble: string | undefined = 'not started';
  #order = 0;

  constructor(options: ElasticsearchStoreOptions) {
    this.#options = options;
    this.#names = new IndexNames(options.indexPrefix);
    this.#client = createClient(options);
    this.#document = new StateDocument(this.#client, this.#names);
    this.#bulk = {
      client: this.#client,
      bytesMax: options.bulkBytesMax,
      concurrency: options.bulkConcurrency,
    };
    this.#generations = new Generations({
      document: this.#document,
      leaseMs: options.leaseMs,
      monotonicMs: () => performance.now(),
      onPolled: (error) => this.#note(error),
    });
  }

  async start(): Promise<void> {
    await connect(this.#client, this.#options, this.#stopping.signal);
    await installTemplates(this.#client, this.#names, this.#options);
    this.#generations.begin(await this.#document.prepare(this.#options.replicas));
    this.#isStarted = true;
    this.#note(undefined);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#trouble = 'stopped';
    await this.#generations.stop();
    await this.#client.close();
  }

  health(): { ok: boolean; detail: string } {
    return { ok: this.#trouble === undefined, detail: this.#trouble ?? 'reachable' };
  }

  stats(): SearchStoreStats {
    return { ...this.#stats };
  }

  async apply(messages: readonly DecodedMessage[]): Promise<MessageOutcome[]> {
    if (messages.length === 0) return [];
    try {
      const outcomes = await this.#applyEverywhere(messages);
      this.#note(undefined);
      this.#count(outcomes);
      return outcomes;
    } catch (error) {
      this.#note(error as Error);
      throw error;
    }
  }

  findTraces: SearchStore['findTraces'] = async (query) => findTraces(await this.#reader(), query);

  trace: SearchStore['trace'] = async (tenant, traceId) =>
    readTrace(await this.#reader(), tenant, traceId);

  findLogs: SearchStore['findLogs'] = async (query) => findLogs(await this.#reader(), query);

  logHistogram: SearchStore['logHistogram'] = async (query) =>
    logHistogram(await this.#reader(), query);

  metrics: SearchStore['metrics'] = async (query) => listMetrics(await this.#reader(), query);

  queryMetric: SearchStore['queryMetric'] = async (query) =>
    queryMetric(await this.#reader(), query);

  points: SearchStore['points'] = async (query) => readPoints(await this.#reader(), query);

  services: SearchStore['services'] = async (query) => listServices(await this.#reader(), query);

  operations: SearchStore['operations'] = async (query) =>
    listOperations(await this.#reader(), query);

  appliedMessages: SearchStore['appliedMessages'] = async (range) =>
    readApplied(await this.#reader(), range);

  rowCounts: SearchStore['rowCounts'] = async (range) => countRows(await this.#reader(), range);

  retain(olderThanMs: number, accountOlderThanMs = olderThanMs): Promise<number> {
    const accountBeforeMs = Math.min(olderThanMs, accountOlderThanMs);
    return retain(this.#retention(), { beforeMs: olderThanMs, accountBeforeMs });
  }

  async addRetired(counts: readonly RowCount[]): Promise<void> {
    const { current } = await this.#generations.state();
    await this.#addRetired(current, counts);
  }

  async reset(): Promise<void> {
    await this.#generations.update(({ last }) => ({
      current: last + 1,
      building: null,
      last: last + 1,
      horizonMs: 0,
    }));
    await this.#generations.settle();
    await this.#dropUnused();
  }

  beginRebuild(signal?: AbortSignal): Promise<Rebuild> {
    const context = {
      generations: this.#generations,
      document: this.#document,
      leaseMs: this.#options.leaseMs,
      apply: (generation: number, messages: readonly DecodedMessage[]) =>
        this.#applyTo(generation, messages),
      addRetired: (generation: number, counts: readonly RowCount[]) =>
        this.#addRetired(generation, counts),
      dropUnused: () => this.#dropUnused(),
    };
    return beginRebuild(context, signal);
  }

  /**
   * To the generation in use and to the one being built. What was known at the begin may have
   * changed by the end, so the answer waits until it holds for what is known then.
   */
  async #applyEverywhere(messages: readonly DecodedMessage[]): Promise<MessageOutcome[]> {
    const applied = new Map<number, MessageOutcome[]>();
    while (true) {
      const { current, building } = await this.#generations.state();
      const missing = [current, building].find((each) => each !== null && !applied.has(each));
      if (typeof missing === 'number') {
        applied.set(missing, await this.#applyTo(missing, messages));
        continue;
      }
      const outcomes = applied.get(current) as MessageOutcome[];
      const beside = building === null ? undefined : applied.get(building);
      return beside ? outcomes.map((outcome, i) => bothOf(outcome, beside[i])) : outcomes;
    }
  }

  #applyTo(generation: number, messages: readonly DecodedMessage[]): Promise<MessageOutcome[]> {
    const context = {
      client: this.#client,
      names: this.#names,
      bulk: this.#bulk,
      retentionMs: this.#options.retentionMs ?? retentionDefaultMs,
      nextOrder: () => this.#nextOrder(),
    };
    return applyMessages(context, generation, messages);
  }

  /** µs since the epoch, or one more than before. */
  #nextOrder(): number {
    const nowUs = Math.floor((this.#options.now ?? Date.now)() * 1_000);
    this.#order = Math.max(this.#order + 1, nowUs);
    return this.#order;
  }

  async #addRetired(generation: number, counts: readonly RowCount[]): Promise<void> {
    const lines = counts
      .filter(({ retired }) => retired > 0)
      .map((count) => retiredLine(this.#names, generation, 'write-store', count));
    const results = await sendBulk(this.#bulk, lines);
    if (results.some(({ status }) => status !== 'done')) {
      throw new StoreUnavailableError('what was retired could not be noted');
    }
  }

  async #dropUnused(): Promise<void> {
    const { current, building } = await this.#document.read();
    const isUnused = (generation: number) => generation !== current && generation !== building;
    await dropGeneration(this.#retention(), isUnused);
  }

  #retention(): RetentionContext {
    return {
      client: this.#client,
      names: this.#names,
      bulk: this.#bulk,
      generations: this.#generations,
    };
  }

  async #reader(): Promise<Reader> {
    const { current: generation, horizonMs } = await this.#generations.state();
    return new Reader(this.#client, this.#names, { generation, horizonMs });
  }

  #count(outcomes: readonly MessageOutcome[]): void {
    for (const { status } of outcomes.flatMap(({ records }) => records)) {
      if (status === 'stored') this.#stats.stored++;
      else if (status === 'duplicate') this.#stats.duplicates++;
      else if (status === 'deadLetter') this.#stats.deadLettered++;
      else this.#stats.retried++;
    }
  }

  #note(error: Error | undefined): void {
    if (this.#stopping.signal.aborted || !this.#isStarted) return;
    const { report } = this.#options;
    if (error && this.#trouble === undefined) {
      report?.({ type: 'search-unreachable', reason: error.message });
    } else if (!error && this.#trouble !== undefined) report?.({ type: 'search-reachable' });
    this.#trouble = error?.message;
  }
}

/** As the generation in use says, unless the other one wants it again. */
function bothOf(outcome: MessageOutcome, beside: MessageOutcome | undefined): MessageOutcome {
  const records = outcome.records.map((result, i): RecordOutcome => {
    const other = beside?.records[i];
    return other?.status === 'retry' ? other : result;
  });
  return { records };
}
