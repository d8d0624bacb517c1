import type { Rebuild, SearchStore } from '@spillway/store';
import type { ElasticsearchSection } from './config.ts';

/** Options of the search store on Elasticsearch. */
export interface ElasticsearchStoreOptions extends ElasticsearchSection {
  /** How old a record may be at its acceptance and still lie at its own time. Default 7 days. */
  retentionMs?: number | undefined;
  report?: ((event: SearchStoreEvent) => void) | undefined;
  /** Ms since the epoch; only puts applied messages in order. */
  now?: (() => number) | undefined;
}

/** What an operator should know of the search store. */
export type SearchStoreEvent =
  | { type: 'search-unreachable'; reason: string }
  | { type: 'search-reachable' };

/** Counts of what the search store has written. */
export interface SearchStoreStats {
  /** Also those that a redelivery brought again. */
  stored: number;
  duplicates: number;
  deadLettered: number;
  /** Records that the server did not take at once. */
  retried: number;
}

/** The search store on Elasticsearch, which several processes share. */
export interface ElasticsearchStore extends SearchStore {
  /** Since start. */
  stats(): SearchStoreStats;
  beginRebuild(signal?: AbortSignal): Promise<Rebuild>;
}
