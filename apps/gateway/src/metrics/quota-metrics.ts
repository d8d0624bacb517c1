import { metricsOf } from '@spillway/metrics';
import type { QuotaStats } from '../admit/quota-meter.ts';
import type { GatewayStats } from '../model/stats.ts';

const { counter } = metricsOf<GatewayStats>();

/** What tenants with a quota spent of it, and what it refused. */
export const quotaMetrics = [
  counter({
    name: 'spillway_quota_spent_records_total',
    help: 'Records that a tenant has spent of its quota, those that were given back included.',
    labels: ['tenant'],
    read: (stats) => ofTenants(stats, 'records', ({ spent }) => spent),
  }),
  counter({
    name: 'spillway_quota_spent_bytes_total',
    help: 'Bytes that a tenant has spent of its quota, those that were given back included.',
    labels: ['tenant'],
    read: (stats) => ofTenants(stats, 'bytes', ({ spent }) => spent),
  }),
  counter({
    name: 'spillway_quota_returned_records_total',
    help: 'Records that were given back to the quota of a tenant, because their request was not served or had fewer.',
    labels: ['tenant'],
    read: (stats) => ofTenants(stats, 'records', ({ returned }) => returned),
  }),
  counter({
    name: 'spillway_quota_returned_bytes_total',
    help: 'Bytes that were given back to the quota of a tenant, because their request was not served or was smaller.',
    labels: ['tenant'],
    read: (stats) => ofTenants(stats, 'bytes', ({ returned }) => returned),
  }),
  counter({
    name: 'spillway_quota_refused_requests_total',
    help: 'Requests that were refused because their tenant was above its quota, by quota: records or bytes.',
    labels: ['tenant', 'quota'],
    read: ({ quotas }) =>
      quotas.map(({ tenant, of, refusedRequests }) => ({
        labels: { tenant, quota: of },
        value: refusedRequests,
      })),
  }),
];

function ofTenants(
  { quotas }: GatewayStats,
  wanted: QuotaStats['of'],
  numberOf: (quota: QuotaStats) => number,
) {
  return quotas
    .filter(({ of }) => of === wanted)
    .map((quota) => ({ labels: { tenant: quota.tenant }, value: numberOf(quota) }));
}
