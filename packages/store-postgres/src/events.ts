import type { EventTable } from '@spillway/events';
import type { PostgresStoreEvent } from './config.ts';

/** What each event says to an operator. */
export const postgresEvents = {
  'store-set-aside': {
    severity: 'error',
    description:
      'The embedded database cannot be trusted. It was set aside, and another one is filled again from the log.',
  },
  'store-damaged': {
    severity: 'error',
    description:
      'Damage was met while the store was open: it takes nothing more, and the next start sets it aside.',
  },
  'store-reopening': {
    severity: 'warn',
    description: 'The embedded database ended while it was open; it is opened again.',
  },
  'store-unavailable': {
    severity: 'warn',
    description: 'PostgreSQL cannot work now; what is asked of it is refused until it can.',
  },
  'store-available': { severity: 'info', description: 'PostgreSQL works again.' },
} as const satisfies EventTable<PostgresStoreEvent>;
