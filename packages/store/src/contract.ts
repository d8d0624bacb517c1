export * from './contract-live.ts';
export * from './contract-search.ts';
export type * from './contract-search-harness.ts';
export * from './contract-views.ts';
export { writeStoreContract } from './contract-write.ts';
export type { WriteStoreContractOptions, WriteStoreHarness } from './contract-write-harness.ts';
export { metricTypes } from './test-points.ts';
export * from './test-records.ts';
