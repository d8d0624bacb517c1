export * from './contract-live.ts';
export * from './contract-search.ts';
export * from './test-records.ts';
