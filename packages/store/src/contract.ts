export * from './contract-live.ts';
export * from './contract-search.ts';
export * from './contract-views.ts';
export {
  type WriteStoreContractOptions,
  type WriteStoreHarness,
  writeStoreContract,
} from './contract-write.ts';
export { metricTypes } from './test-points.ts';
export * from './test-records.ts';
