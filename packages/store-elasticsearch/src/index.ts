export { type ElasticsearchSection, elasticsearchSection } from './config.ts';
export { createElasticsearchStore } from './elasticsearch-store.ts';
export type {
  ElasticsearchStore,
  ElasticsearchStoreOptions,
  SearchStoreEvent,
} from './options.ts';
