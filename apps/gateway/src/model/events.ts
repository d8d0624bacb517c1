import type { EventTable } from '@spillway/events';
import type { KeyRingEvent } from '@spillway/keys';
import type { BreakerEvent } from '@spillway/resilience';
import type { InternalErrorEvent } from '@spillway/runtime';
import type { GatewayEvent } from '../gateway.ts';

/** What each event says to an operator. */
export const gatewayEvents = {
  listening: { severity: 'info', description: 'A door of the gateway listens.' },
  'certificate-loaded': { severity: 'info', description: 'The certificate of the doors was read.' },
  'certificate-kept': {
    severity: 'warn',
    description:
      'The files of the certificate cannot be read or do not fit: the one before them stays in use.',
  },
  'note-failed': {
    severity: 'warn',
    description: 'A note of what is durable could not be published; it is tried again.',
  },
  'last-note-lost': {
    severity: 'warn',
    description:
      'The gateway stopped before its last note was published: the account of its last seconds is in the log alone.',
  },
  'spill-left': {
    severity: 'warn',
    description:
      'The gateway stopped while messages were in its spill; the next owner of the folder brings them to the broker.',
  },
  'drain-refused': {
    severity: 'error',
    description: 'The broker refuses messages of the spill for good; they stay where they are.',
  },
  'drain-failed': {
    severity: 'warn',
    description: 'Bringing the spill to the broker broke off; it is tried again.',
  },
} as const satisfies EventTable<
  Exclude<GatewayEvent, BreakerEvent | InternalErrorEvent | KeyRingEvent>
>;
