import type { EventTable } from '@spillway/events';
import type { FleetViewEvent } from './fleet-view.ts';
import type { QuotaLeasesEvent } from './quota-leases.ts';

/** What each event says to an operator. */
export const fleetEvents = {
  'fleet-view-lost': {
    severity: 'warn',
    description:
      'What other processes report about the servers is not known; until it is, each process judges by itself.',
  },
  'fleet-view-restored': {
    severity: 'info',
    description: 'What other processes report about the servers is known again.',
  },
  'fleet-holds-down': {
    severity: 'warn',
    description: 'Enough processes hold a server down: the whole fleet does now.',
  },
  'fleet-holds-up': {
    severity: 'info',
    description: 'Too few processes hold a server down: the fleet takes it for healthy again.',
  },
  'quotas-local': {
    severity: 'warn',
    description: 'Redis, where gateways share quotas, does not answer: each spends its own share.',
  },
  'quotas-shared': { severity: 'info', description: 'Gateways share quotas through Redis.' },
} as const satisfies EventTable<FleetViewEvent | QuotaLeasesEvent>;
