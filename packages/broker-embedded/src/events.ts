import type { EventTable } from '@spillway/events';
import type { JournalEvent } from '@spillway/journal';
import type { EmbeddedBrokerEvent } from './config.ts';

/** What each event says to an operator. */
export const embeddedBrokerEvents = {
  expired: {
    severity: 'warn',
    description: 'Retention removed messages from the log that a consumer group had not read.',
  },
  'kept-expired': {
    severity: 'warn',
    description:
      'The oldest dead letters were removed from the log, so that newer ones have room. The audit counts their records as expired.',
  },
  deleted: { severity: 'info', description: 'Retention removed segments of the log.' },
  'retention-failed': {
    severity: 'warn',
    description: 'A look of the retention of the log failed; the next one tries again.',
  },
  'revoke-failed': {
    severity: 'warn',
    description:
      'A consumer did not give up its partitions in time; they moved to another without it.',
  },
} as const satisfies EventTable<Exclude<EmbeddedBrokerEvent, JournalEvent>>;
