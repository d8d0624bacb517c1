export * from './duckdb-search-store.ts';
