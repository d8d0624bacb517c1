export * from './bulkhead.ts';
export * from './quota.ts';
export * from './token-bucket.ts';
