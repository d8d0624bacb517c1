export * from './bulkhead.ts';
export * from './dependencies.ts';
export * from './fleet-judgement.ts';
export * from './quota.ts';
export * from './token-bucket.ts';
