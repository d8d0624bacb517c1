export * from './contract-live.ts';
export * from './contract-search.ts';
export {
  type WriteStoreContractOptions,
  type WriteStoreHarness,
  writeStoreContract,
} from './contract-write.ts';
export * from './test-records.ts';
