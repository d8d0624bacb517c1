export * from './test-records.ts';
