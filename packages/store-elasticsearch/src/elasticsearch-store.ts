import type { Client } from '@elastic/elasticsearch';
import type { RowCount } from '@spillway/ledger';
import {
  type Asked,
  blamesStore,
  type DecodedMessage,
  type MessageOutcome,
  type Rebuild,
  type SearchStats,
  type SearchStore,
} from '@spillway/store';
import { Generations } from './admin/generations.ts';
import { dropGenerations, listIndices } from './admin/indices.ts';
import { inspectServer } from './admin/inspect.ts';
import { countRows, readApplied } from './admin/ledger.ts';
import { beginRebuild } from './admin/rebuild.ts';
import { type RetentionContext, retain } from './admin/retention.ts';
import { StateDocument } from './admin/state.ts';
import { createClient } from './client.ts';
import { checkVersion, installTemplates, whenReachable } from './connect.ts';
import { IndexNames } from './names.ts';
import type { ElasticsearchStore, ElasticsearchStoreOptions } from './options.ts';
import { findLogs, logHistogram } from './read/find-logs.ts';
import { findTraces } from './read/find-traces.ts';
import { listMetrics } from './read/list-metrics.ts';
import { queryMetric } from './read/query-metric.ts';
import { readPoints } from './read/read-points.ts';
import { readTrace } from './read/read-trace.ts';
import { Reader } from './read/reader.ts';
import { listOperations, listServices } from './read/services.ts';
import type { BulkOptions } from './write/bulk.ts';
import { Writer } from './write/writer.ts';

/**
 * The search store in Elasticsearch 8 or 9, shared by any number of processes. When `apply`
 * resolves, the documents are synced to the disk of every copy that the server counts as in sync;
 * they are found within the refresh interval. Throws `unavailable` when the server does
 * not work, `unsupported` on start.
 */
export function createElasticsearchStore(options: ElasticsearchStoreOptions): ElasticsearchStore {
  return new Store(options);
}

class Store implements ElasticsearchStore {
  readonly name = 'elasticsearch';
  readonly capabilities: ElasticsearchStore['capabilities'] = {
    inspect: () => inspectServer(this.#client, this.#names, this.#options),
    beginRebuild: (signal) => this.#beginRebuild(signal),
  };
  readonly #options: ElasticsearchStoreOptions;
  readonly #names: IndexNames;
  readonly #client: Client;
  readonly #document: StateDocument;
  readonly #generations: Generations;
  readonly #bulk: BulkOptions;
  readonly #writer: Writer;
  readonly #stopping = new AbortController();
  #trouble: string | undefined = 'not started';

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
    this.#writer = new Writer({
      client: this.#client,
      names: this.#names,
      bulk: this.#bulk,
      generations: this.#generations,
      options,
    });
  }

  async start(): Promise<void> {
    const state = await whenReachable(this.#options, this.#stopping.signal, async () => {
      await checkVersion(this.#client);
      await installTemplates(this.#client, this.#names, this.#options);
      return await this.#document.prepare(this.#options.replicas);
    });
    this.#generations.begin(state);
    this.#trouble = undefined;
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

  stats(): SearchStats {
    return this.#writer.stats();
  }

  async apply(messages: readonly DecodedMessage[]): Promise<MessageOutcome[]> {
    if (messages.length === 0) return [];
    try {
      const outcomes = await this.#writer.apply(messages);
      this.#note(undefined);
      return outcomes;
    } catch (error) {
      // A request that the server does not understand says nothing of the server.
      if (blamesStore(error)) this.#note(error as Error);
      throw error;
    }
  }

  findTraces: SearchStore['findTraces'] = async (query) =>
    findTraces(await this.#reader(query), query);

  trace: SearchStore['trace'] = async (tenant, traceId, asked) =>
    readTrace(await this.#reader(asked), tenant, traceId);

  findLogs: SearchStore['findLogs'] = async (query) => findLogs(await this.#reader(query), query);

  logHistogram: SearchStore['logHistogram'] = async (query) =>
    logHistogram(await this.#reader(query), query);

  metrics: SearchStore['metrics'] = async (query) => listMetrics(await this.#reader(query), query);

  queryMetric: SearchStore['queryMetric'] = async (query) =>
    queryMetric(await this.#reader(query), query);

  points: SearchStore['points'] = async (query) => readPoints(await this.#reader(query), query);

  services: SearchStore['services'] = async (query) =>
    listServices(await this.#reader(query), query);

  operations: SearchStore['operations'] = async (query) =>
    listOperations(await this.#reader(query), query);

  appliedMessages: SearchStore['appliedMessages'] = async (range) =>
    readApplied(await this.#reader(range), range);

  rowCounts: SearchStore['rowCounts'] = async (range) => {
    const indices = await listIndices(this.#client, this.#names);
    return countRows(await this.#reader(range), range, indices);
  };

  retain(olderThanMs: number, accountOlderThanMs = olderThanMs): Promise<number> {
    const accountBeforeMs = Math.min(olderThanMs, accountOlderThanMs);
    return retain(this.#retention(), { beforeMs: olderThanMs, accountBeforeMs });
  }

  async addRetired(counts: readonly RowCount[]): Promise<void> {
    const { current } = await this.#generations.state();
    await this.#writer.addRetired(current, counts);
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

  #beginRebuild(abort?: AbortSignal): Promise<Rebuild> {
    const context = {
      generations: this.#generations,
      document: this.#document,
      leaseMs: this.#options.leaseMs,
      apply: (generation: number, messages: readonly DecodedMessage[]) =>
        this.#writer.applyTo(generation, messages),
      addRetired: (generation: number, counts: readonly RowCount[]) =>
        this.#writer.addRetired(generation, counts),
      dropUnused: () => this.#dropUnused(),
    };
    return beginRebuild(context, abort);
  }

  async #dropUnused(): Promise<void> {
    const { current, building } = (await this.#document.read()).state;
    const isUnused = (generation: number) => generation !== current && generation !== building;
    await dropGenerations(this.#client, this.#names, isUnused);
  }

  #retention(): RetentionContext {
    return {
      client: this.#client,
      names: this.#names,
      bulk: this.#bulk,
      generations: this.#generations,
    };
  }

  async #reader(asked?: Asked): Promise<Reader> {
    const { current: generation, horizonMs } = await this.#generations.state();
    return new Reader(this.#client, this.#names, { generation, horizonMs, asked });
  }

  #note(error: Error | undefined): void {
    if (this.#stopping.signal.aborted) return;
    const { report } = this.#options;
    if (error && this.#trouble === undefined) {
      report?.({ type: 'search-unreachable', reason: error.message });
    } else if (!error && this.#trouble !== undefined) report?.({ type: 'search-reachable' });
    this.#trouble = error?.message;
  }
}
