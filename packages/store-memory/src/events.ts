import type { EventTable } from '@spillway/events';
import type { LiveStoreEvent } from './memory-live-store.ts';

/** What each event says to an operator. */
export const memoryLiveEvents = {
  'series-overflowed': {
    severity: 'warn',
    description:
      'A tenant has more names of services and operations than it may: the rest is counted together. Told once per tenant.',
  },
  'window-cut': {
    severity: 'warn',
    description:
      'A tenant has more than it may keep of the live view: its window is shorter than it should be. Told once per tenant.',
  },
  'tenants-overflowed': {
    severity: 'warn',
    description:
      'There is no room for the live view of this tenant, nor of others after it. Told once per tenant.',
  },
} as const satisfies EventTable<LiveStoreEvent>;
