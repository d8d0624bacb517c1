export { type ElasticsearchSection, elasticsearchSection } from './config.ts';
export {
  createElasticsearchStore,
  type ElasticsearchStore,
  type ElasticsearchStoreOptions,
  type SearchStoreEvent,
  type SearchStoreStats,
} from './elasticsearch-store.ts';
export {
  RebuildLostError,
  RebuildUnderWayError,
  StoreUnavailableError,
  TooManyPointsError,
  UnsupportedServerError,
} from './errors.ts';
