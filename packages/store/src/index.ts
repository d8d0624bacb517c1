export * from './ledger.ts';
export * from './live-store.ts';
export * from './search-store.ts';
export * from './sink.ts';
export * from './write-store.ts';
