export { type RedisConfig, redisSection } from './config.ts';
export * from './failure-reports.ts';
export type { FleetViewEvent } from './fleet-view.ts';
export type { LiveLimits } from './limits.ts';
export * from './quota-leases.ts';
export * from './redis-live-store.ts';
export type { LiveCounts } from './stats.ts';
