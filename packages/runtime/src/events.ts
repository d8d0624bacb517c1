import type { EventTable } from '@spillway/events';
import type { InternalErrorEvent } from './internal-errors.ts';

/** What each event says to an operator. */
export const runtimeEvents = {
  'internal-error': {
    severity: 'error',
    description:
      'An error that no code foresaw: a bug in Spillway. It cost what was being done; the process goes on.',
    withStack: true,
  },
} as const satisfies EventTable<InternalErrorEvent>;
