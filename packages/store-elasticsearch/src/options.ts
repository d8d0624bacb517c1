import type { Rebuild, SearchStore, StoreCapabilities } from '@spillway/store';
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

/** A search store in Elasticsearch, which always can inspect its server and begin a rebuild. */
export interface ElasticsearchStore extends SearchStore {
  readonly capabilities: Required<Pick<StoreCapabilities, 'inspect' | 'beginRebuild'>> & {
    beginRebuild(abort?: AbortSignal): Promise<Rebuild>;
  };
}
