export * from './live/live-store.ts';
export type * from './search/harness.ts';
export * from './search/suites.ts';
export { metricTypes } from './test-points.ts';
export * from './test-records.ts';
export * from './views.ts';
export type { WriteStoreContractOptions, WriteStoreHarness } from './write/harness.ts';
export { writeStoreContract } from './write/write-store.ts';
