import { type Client, errors, type estypes } from '@elastic/elasticsearch';
import {
  type AnswerRoom,
  type Asked,
  isStoreError,
  ownRoom,
  type TimeRange,
} from '@spillway/store';
import { call, type Hit, type Source } from '../client.ts';
import { unavailable } from '../errors.ts';
import { inflationMax } from '../limits.ts';
import type { IndexKind, IndexNames } from '../names.ts';
import { InflatedAnswerError } from './answers.ts';

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

/**
 * Options for hits of which only `docvalue_fields` are wanted: nothing is read that is kept by row.
 */
export const columnsOnly = { _source: false, stored_fields: ['_none_'] };

const pitKeptAlive = '1m';
/**
 * An answer of the server takes this many times its text: as text, of one or two bytes a character,
 * and as objects, of which `answers.ts` lets none be larger.
 */
const bytesPerChar = 2 + inflationMax;
const [hitsFirst, hitsMax] = [100, 2_000];

interface ReaderOptions {
  generation: number;
  horizonMs: number;
  /** The question; what reads for the process itself is bounded by the client alone. */
  asked?: Asked | undefined;
}

/** One generation, as one query sees it. */
export class Reader {
  readonly #client: Client;
  readonly #names: IndexNames;
  readonly generation: number;
  readonly horizonMs: number;
  readonly #abort: AbortSignal | undefined;
  readonly room: AnswerRoom;

  /** At the signal the request that runs is given up, which cancels the search on the server. */
  constructor(client: Client, names: IndexNames, { generation, horizonMs, asked }: ReaderOptions) {
    this.#client = client;
    this.#names = names;
    this.#abort = asked?.ending;
    this.room = asked?.room ?? ownRoom();
    this.generation = generation;
    this.horizonMs = horizonMs;
  }

  /** Filters what retention left of the tenant in the range. */
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

  /**
   * Hits in the order of the sort of `body`, at most `limit`, in requests of which each fits into
   * the room. Throws `too-much-asked` at one that fits into none.
   */
  async *walk(kind: IndexKind, body: SearchBody, limit: number): AsyncGenerator<Hit> {
    let size = hitsFirst;
    let after = body.search_after;
    for (let left = limit; left > 0; ) {
      const asked = Math.min(size, left);
      const page = { ...body, size: asked, ...(after && { search_after: after }) };
      const hits = await this.hits(kind, page).catch(ofLess(asked));
      size = hits ? Math.min(2 * size, hitsMax) : Math.ceil(asked / 4);
      if (!hits) continue;
      yield* hits;
      if (hits.length < asked) return;
      left -= asked;
      after = hits.at(-1)?.sort;
    }
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
    let size = pageSize;
    for (;;) {
      const composite = { size, sources, ...(after && { after }) };
      const rowsOf = { rows: { composite, ...(aggs && { aggs }) } };
      const answer = this.aggregate(kind, filter, rowsOf).then((found) => ({ found }));
      const got = await answer.catch(ofLess(size));
      if (!got) {
        size = Math.ceil(size / 4);
        continue;
      }
      const { found } = got;
      const rows = found?.rows as
        | { buckets: CompositeBucket[]; after_key?: typeof after }
        | undefined;
      if (rows?.buckets.length) yield rows.buckets;
      after = rows?.after_key;
      if (!after) return;
    }
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
      let size = pageSize;
      while (true) {
        const page = { ...body, size, track_total_hits: false, pit };
        const request = after ? { ...page, search_after: after } : page;
        const answer = await this.#send(request).catch(ofLess(size));
        if (!answer) {
          size = Math.ceil(size / 4);
          continue;
        }
        const { hits } = answer.hits;
        if (hits.length) yield hits;
        if (hits.length < size) return;
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

  get #ending(): { signal?: AbortSignal } {
    return this.#abort ? { signal: this.#abort } : {};
  }

  async #send(request: SearchBody): Promise<estypes.SearchResponse<Source>> {
    for (;;) {
      this.#abort?.throwIfAborted();
      const maxResponseSize = Math.max(1, Math.floor(this.room.left.objects / bytesPerChar));
      const answer = await call(() =>
        this.#client.search<Source>(
          { ...request, allow_partial_search_results: false },
          { ...this.#ending, maxResponseSize },
        ),
      ).catch((error: unknown) => {
        this.#abort?.throwIfAborted();
        if (!isTooLarge(error)) throw error;
        if (this.room.isLarge) throw this.room.tooMuch();
      });
      if (answer?.timed_out) throw unavailable('the search timed out on the server');
      if (answer) return answer;
      await this.room.grow();
    }
  }
}

function isTooLarge(error: unknown): boolean {
  const { cause } = error as Error;
  return cause instanceof errors.RequestAbortedError || cause instanceof InflatedAnswerError;
}

/** Undefined for what was too much while more than one was asked for: less may fit. */
function ofLess(asked: number): (error: unknown) => undefined {
  return (error) => {
    if (!isStoreError(error, 'too-much-asked') || asked <= 1) throw error;
  };
}

interface CompositeOptions {
  sources: Record<string, estypes.AggregationsCompositeAggregationSource>[];
  aggs?: Record<string, estypes.AggregationsAggregationContainer> | undefined;
  pageSize?: number | undefined;
}
