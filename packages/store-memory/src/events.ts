import type { EventTable } from '@spillway/events';
import type { LiveStoreEvent } from './memory-live-store.ts';

/** What each event says to an operator. */
export const memoryLiveEvents = {
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
} as const satisfies EventTable<LiveStoreEvent>;
