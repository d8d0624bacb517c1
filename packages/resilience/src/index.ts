export * from './bulkhead.ts';
export * from './token-bucket.ts';
