import { type Client, errors, type estypes } from '@elastic/elasticsearch';
import { type TimeRange, TooMuchAskedError } from '@spillway/store';
import { call, type Hit, type Source } from './client.ts';
import { StoreUnavailableError } from './errors.ts';
import type { IndexKind, IndexNames } from './names.ts';

export type Query = estypes.QueryDslQueryContainer;
type SearchBody = estypes.SearchRequest;

/** Aggregations are read by whoever asked for them. */
export interface Bucket<Key = string> {
  key: Key;
  doc_count: number;
  [aggregation: string]: unknown;
}

/** The values of the sources. */
export type CompositeBucket = Bucket<Record<string, string | number | boolean>>;

/** For hits of which only `docvalue_fields` are wanted: nothing is read that is kept by row. */
export const columnsOnly = { _source: false, stored_fields: ['_none_'] };

const pitKeptAlive = '1m';
/** Of one answer to a question, as text; it is held once more as objects. */
const answerBytesMax = 64 * 1_048_576;

interface ReaderOptions {
  generation: number;
  horizonMs: number;
  signal?: AbortSignal | undefined;
}

/** One generation, as one query sees it. */
export class Reader {
  readonly #client: Client;
  readonly #names: IndexNames;
  readonly generation: number;
  readonly horizonMs: number;
  readonly #signal: AbortSignal | undefined;

  /** At the signal the request that runs is given up, which cancels the search on the server. */
  constructor(client: Client, names: IndexNames, { generation, horizonMs, signal }: ReaderOptions) {
    this.#client = client;
    this.#names = names;
    this.#signal = signal;
    this.generation = generation;
    this.horizonMs = horizonMs;
  }

  /** Of what retention left of the tenant in the range. */
  inRange({ tenant, fromMs, toMs }: TimeRange & { tenant: string }): Query[] {
    const from = Math.max(Math.ceil(fromMs), this.horizonMs);
    return [{ term: { tenant } }, { range: { '@timestamp': { gte: from, lt: Math.ceil(toMs) } } }];
  }

  /** Throws when not every shard answered: half an answer would look like a whole one. */
  async search(kind: IndexKind, body: SearchBody): Promise<estypes.SearchResponse<Source>> {
    return await this.#send({ index: this.#names.all(this.generation, kind), ...body });
  }

  async hits(kind: IndexKind, body: SearchBody): Promise<Hit[]> {
    return (await this.search(kind, { track_total_hits: false, ...body })).hits.hits;
  }

  /** Undefined when there is no index at all. */
  async aggregate(
    kind: IndexKind,
    filter: Query[],
    aggs: Record<string, estypes.AggregationsAggregationContainer>,
  ): Promise<Record<string, { buckets: Bucket[] }> | undefined> {
    const query = { bool: { filter } };
    const { aggregations } = await this.search(kind, {
      size: 0,
      track_total_hits: false,
      query,
      aggs,
    });
    return aggregations as Record<string, { buckets: Bucket[] }> | undefined;
  }

  /** All buckets of a `composite` aggregation named `rows`, page by page. */
  async *composite(
    kind: IndexKind,
    filter: Query[],
    { sources, aggs, pageSize = 1_000 }: CompositeOptions,
  ): AsyncGenerator<CompositeBucket[]> {
    let after: estypes.AggregationsCompositeAggregateKey | undefined;
    do {
      const composite = { size: pageSize, sources, ...(after && { after }) };
      const found = await this.aggregate(kind, filter, {
        rows: { composite, ...(aggs && { aggs }) },
      });
      const rows = found?.rows as
        | { buckets: CompositeBucket[]; after_key?: typeof after }
        | undefined;
      if (rows?.buckets.length) yield rows.buckets;
      after = rows?.after_key;
    } while (after);
  }

  /** Everything that is found, page by page, as it was at the first one. `body` has a sort. */
  async *scan(kind: IndexKind, body: SearchBody, pageSize: number): AsyncGenerator<Hit[]> {
    const index = this.#names.all(this.generation, kind);
    const { id } = await call(() =>
      this.#client.openPointInTime(
        { index, keep_alive: pitKeptAlive, ignore_unavailable: true },
        this.#ending,
      ),
    );
    let pit = { id, keep_alive: pitKeptAlive };
    try {
      let after: estypes.SortResults | undefined;
      while (true) {
        const page = { ...body, size: pageSize, track_total_hits: false, pit };
        const answer = await this.#send(after ? { ...page, search_after: after } : page);
        const { hits } = answer.hits;
        if (hits.length) yield hits;
        if (hits.length < pageSize) return;
        after = hits.at(-1)?.sort;
        if (answer.pit_id) pit = { ...pit, id: answer.pit_id };
      }
    } finally {
      // It ends by itself when this fails.
      await this.#client.closePointInTime({ id: pit.id }).catch(() => undefined);
    }
  }

  /** Makes visible what was applied. */
  async refresh(kind: IndexKind | '*'): Promise<void> {
    const index = this.#names.all(this.generation, kind);
    await call(() => this.#client.indices.refresh({ index }, this.#ending));
  }

  /** Of a question; what reads for the process itself is bounded by the client alone. */
  get #ending(): { signal?: AbortSignal; maxResponseSize?: number } {
    return this.#signal ? { signal: this.#signal, maxResponseSize: answerBytesMax } : {};
  }

  async #send(request: SearchBody): Promise<estypes.SearchResponse<Source>> {
    this.#signal?.throwIfAborted();
    const answer = await call(() =>
      this.#client.search<Source>(
        { ...request, allow_partial_search_results: false },
        this.#ending,
      ),
    ).catch((error: unknown) => {
      this.#signal?.throwIfAborted();
      if ((error as Error).cause instanceof errors.RequestAbortedError) {
        throw new TooMuchAskedError(`more than ${answerBytesMax} bytes were found`);
      }
      throw error;
    });
    if (answer.timed_out) throw new StoreUnavailableError('the search timed out on the server');
    return answer;
  }
}

interface CompositeOptions {
  sources: Record<string, estypes.AggregationsCompositeAggregationSource>[];
  aggs?: Record<string, estypes.AggregationsAggregationContainer> | undefined;
  pageSize?: number | undefined;
}
