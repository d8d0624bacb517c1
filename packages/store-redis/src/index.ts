export { type RedisConfig, redisSection } from './config.ts';
export { RedisStoreError, type RedisStoreErrorCode } from './errors.ts';
export * from './fleet/failure-reports.ts';
export type { FleetViewEvent } from './fleet/fleet-view.ts';
export type { LiveLimits } from './limits.ts';
export * from './quotas/quota-leases.ts';
export * from './redis-live-store.ts';
export type { LiveCounts } from './stats.ts';
