import type { EventTable } from '@spillway/events';
import type { KafkaBrokerEvent } from './config.ts';

/** What each event says to an operator. */
export const kafkaEvents = {
  'leader-lost': {
    severity: 'warn',
    description:
      'The leader of a partition cannot be reached; what was on its way is tried again until it is.',
  },
  'leaders-unknown': {
    severity: 'warn',
    description: 'No broker could be asked who leads the partitions; it is tried again.',
  },
  unresolved: {
    severity: 'warn',
    description: 'Messages were given up without knowing whether they are on the broker.',
  },
  'identity-new': {
    severity: 'warn',
    description:
      'The former identity of the producer is lost: what it left on its way may land behind newer messages.',
  },
  'identity-unsaved': {
    severity: 'warn',
    description:
      'The identity of the producer cannot be saved; nothing is sent before it is, and it is tried again.',
  },
  'topic-created': { severity: 'info', description: 'A topic was created.' },
  'topic-grown': { severity: 'info', description: 'Partitions were added to a topic.' },
  assigned: {
    severity: 'info',
    description: 'A consumer has new partitions; the event lists all that it has.',
  },
  fenced: {
    severity: 'warn',
    description:
      'A consumer was too slow for its group: what it held may be read by another already.',
  },
  'revoke-failed': {
    severity: 'warn',
    description:
      'A consumer did not give up its partitions in time; they moved to another without it.',
  },
  retrying: {
    severity: 'warn',
    description:
      'Reading from Kafka, or membership of a group, failed; it waits and goes on by itself.',
  },
  expired: {
    severity: 'warn',
    description:
      'Retention removed messages before the consumer group had read them; it goes on behind them.',
  },
} as const satisfies EventTable<KafkaBrokerEvent>;
