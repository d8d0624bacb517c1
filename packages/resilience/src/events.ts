import type { EventTable } from '@spillway/events';
import type { BreakerEvent } from './breaker.ts';

/** What each event says to an operator. */
export const breakerEvents = {
  'breaker-opened': {
    severity: 'warn',
    description:
      'The breaker opened: calls failed so often that they are not even tried for a while.',
  },
  'breaker-half-open': {
    severity: 'info',
    description: 'The breaker lets one call try whether it works again.',
  },
  'breaker-closed': {
    severity: 'info',
    description: 'The breaker closed: calls go through again.',
  },
} as const satisfies EventTable<BreakerEvent>;
