import type { EventTable } from '@spillway/events';
import type { ConsoleEvent } from './ports.ts';

/** What each event says to an operator. */
export const consoleEvents = {
  'query-failed': {
    severity: 'warn',
    description: 'A query API request failed in a store, or by an internal error.',
  },
  resubmitted: {
    severity: 'info',
    description: 'Dead letters were sent back to the group that refused them.',
  },
  'page-missing': {
    severity: 'warn',
    description: 'The built page of the console is not there; the query API answers without it.',
  },
} as const satisfies EventTable<ConsoleEvent>;
