export { RedisStoreError, type RedisStoreErrorCode } from './errors.ts';
export type { LiveLimits } from './limits.ts';
export * from './redis-live-store.ts';
