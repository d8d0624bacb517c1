import type { EventTable } from '@spillway/events';
import type { RabbitMqEvent } from './config.ts';

/** What each event says to an operator. */
export const rabbitmqEvents = {
  connected: { severity: 'info', description: 'A connection to RabbitMQ is open.' },
  disconnected: {
    severity: 'warn',
    description:
      'A connection to RabbitMQ broke; it is opened again after the wait that the event names.',
  },
  blocked: {
    severity: 'warn',
    description: 'RabbitMQ lacks memory or disk and takes no messages.',
  },
  unblocked: { severity: 'info', description: 'RabbitMQ takes messages again.' },
  unresolved: {
    severity: 'warn',
    description: 'Messages were given up without knowing whether they are on the broker.',
  },
  'publisher-waits': {
    severity: 'warn',
    description:
      'RabbitMQ still has the former connection of this process: nothing is published until it drops it.',
  },
  'publisher-ready': {
    severity: 'info',
    description: 'RabbitMQ has dropped the former connection of this process, which publishes now.',
  },
  'identity-new': {
    severity: 'warn',
    description:
      'The former name of the publisher is lost: what it left on its way may land behind newer messages.',
  },
  'queue-differs': {
    severity: 'warn',
    description:
      'A queue exists with other arguments than the configuration wants; it stays as it is.',
  },
  'reader-broken': {
    severity: 'warn',
    description: 'A channel that reads a partition broke; it is opened again.',
  },
  assigned: { severity: 'info', description: 'A consumer gained or lost partitions.' },
  'revoke-failed': {
    severity: 'warn',
    description:
      'A consumer did not give up its partitions in time; they moved to another without it.',
  },
} as const satisfies EventTable<RabbitMqEvent>;
