import type { GatewayStats } from '@spillway/gateway';
import type { Quotas } from '@spillway/resilience';
import type { Family } from '@spillway/runtime';

/** What tenants with a quota spent, were refused, and what was leased for them. */
export function quotaFamilies(
  stats: () => GatewayStats['quotas'],
  shared: Quotas | undefined,
): Family[] {
  return [
    {
      name: 'spillway_quota_spent_total',
      help: 'Records or bytes that a tenant spent of its quota.',
      type: 'counter',
      read: () =>
        stats().map(({ tenant, of, spent }) => ({ labels: { tenant, of }, value: spent })),
    },
    {
      name: 'spillway_quota_refused_requests_total',
      help: 'Requests refused because a tenant was above its quota.',
      type: 'counter',
      read: () =>
        stats().map(({ tenant, of, refused }) => ({ labels: { tenant, of }, value: refused })),
    },
    ...(shared ? sharedFamilies(shared) : []),
  ];
}

function sharedFamilies(shared: Quotas): Family[] {
  return [
    {
      name: 'spillway_quota_leased_total',
      help: 'Records or bytes leased from the quota that all gateways share.',
      type: 'counter',
      read: () =>
        shared
          .stats()
          .leased.map(({ tenant, of, amount }) => ({ labels: { tenant, of }, value: amount })),
    },
    {
      name: 'spillway_quota_local_share',
      help: 'The part of each quota that this gateway grants itself, while Redis is away; else 0.',
      type: 'gauge',
      read: () => [{ value: shared.stats().localShare ?? 0 }],
    },
  ];
}
