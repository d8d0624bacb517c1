export * from './memory-live-store.ts';
