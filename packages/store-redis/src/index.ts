export type { LiveLimits } from './limits.ts';
export * from './redis-live-store.ts';
