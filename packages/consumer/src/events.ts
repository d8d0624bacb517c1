import type { EventTable } from '@spillway/events';
import type { ConsumerEvent } from './consumer-event.ts';
import type { CrashRecordEvent } from './crash-record.ts';

/** What each event says to an operator. */
export const consumerEvents = {
  rewound: {
    severity: 'info',
    description:
      'The store has less of a partition than its group had read: the group reads it again from there.',
  },
  'sink-unavailable': {
    severity: 'warn',
    description:
      'The store did not take a batch; it is tried again after the wait that the event names.',
  },
  'store-open': {
    severity: 'warn',
    description:
      'The store failed so often that it is only probed now, and nothing is read for it.',
  },
  'store-half-open': { severity: 'info', description: 'The store is probed with one batch.' },
  'store-closed': { severity: 'info', description: 'The store takes batches again.' },
  'partition-held': {
    severity: 'warn',
    description:
      'The store wants the next message of a partition later; the partition waits, the others go on.',
  },
  'dead-letter': {
    severity: 'warn',
    description:
      'Records that the store can never take became a dead letter; `spillway deadletters` shows it.',
  },
  'dead-letter-refused': {
    severity: 'warn',
    description:
      'A dead letter could not be published; it is tried again, and its message is not committed before.',
  },
  failed: {
    severity: 'error',
    description:
      'A consumer broke off, for instance by a commit that was refused; it begins again where its group stands.',
  },
  'crashed-in-flight': {
    severity: 'warn',
    description:
      'The process before ended without a word while these messages were in flight: each is read alone now.',
  },
  'crash-record-not-written': {
    severity: 'warn',
    description:
      'It cannot be written down what is in flight: a message that ends the process would not be found.',
  },
} as const satisfies EventTable<ConsumerEvent | CrashRecordEvent>;
