import type { EventTable } from '@spillway/events';
import type { RedisLiveStoreEvent } from './redis-live-store.ts';

/** What each event says to an operator. */
export const redisLiveEvents = {
  'redis-down': {
    severity: 'warn',
    description: 'Redis, which keeps the live view, does not answer.',
  },
  'redis-up': { severity: 'info', description: 'Redis, which keeps the live view, answers again.' },
  'live-state-lost': {
    severity: 'warn',
    description:
      'Redis lost what it had, and the broker keeps no log: answers are too low until `spillway rebuild live`.',
  },
  'series-overflowed': {
    severity: 'warn',
    description:
      'A tenant has more names of services and operations than it may: the rest is counted together. Reported once for each tenant.',
  },
  'window-cut': {
    severity: 'warn',
    description:
      'A tenant has more than it may keep of the live view: its window is shorter than it should be. Reported once for each tenant.',
  },
  'tenants-overflowed': {
    severity: 'warn',
    description:
      'There is no room for the live view of this tenant, nor of others after it. Reported once for each tenant.',
  },
  'redis-too-small': {
    severity: 'warn',
    description:
      'The maxmemory of Redis has no room for store.live.redisBytesMax: it would refuse writes of any tenant.',
  },
  'redis-may-evict': {
    severity: 'warn',
    description:
      'Redis may drop keys before they expire (its policy is not noeviction): answers could be too low unnoticed.',
  },
} as const satisfies EventTable<RedisLiveStoreEvent>;
