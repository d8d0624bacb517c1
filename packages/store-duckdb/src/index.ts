export type { DatabaseEvent } from './database.ts';
export type { SearchStoreEvent } from './database-file.ts';
export * from './duckdb-search-store.ts';
