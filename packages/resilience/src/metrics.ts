import { metricsOf, type Sample } from '@spillway/metrics';
import { type BreakerState, breakerStates } from './breaker.ts';
import type { DependencyState } from './dependencies.ts';
import type { QuotasStats } from './quota/quota.ts';

const dependencies = metricsOf<readonly DependencyState[]>();
const quotas = metricsOf<QuotasStats>();

/** What this process and the fleet think of the servers that they rely on. */
export const dependencyMetrics = [
  dependencies.flag({
    name: 'spillway_dependency_up',
    help: '1 while a server that the pipeline relies on is judged to work, by this process (view own) or by the fleet (view fleet). Absent while the judgement is unknown.',
    labels: ['dependency', 'view'],
    read: (states) =>
      states.flatMap(({ dependency, own, fleet }) =>
        Object.entries({ own, fleet })
          .filter(([, judgement]) => judgement !== 'unknown')
          .map(([view, judgement]) => ({
            labels: { dependency, view },
            value: judgement === 'up',
          })),
      ),
  }),
  dependencies.gauge({
    name: 'spillway_dependency_reporters',
    help: 'Processes that judge a server to be down, as far as this process knows.',
    labels: ['dependency'],
    read: (states) =>
      states.map(({ dependency, reporters }) => ({
        labels: { dependency },
        value: reporters.length,
      })),
  }),
];

/** What was leased from the quotas that all gateways share. */
export const sharedQuotaMetrics = [
  quotas.counter({
    name: 'spillway_quota_leased_records_total',
    help: 'Records that this gateway has leased from the quota of a tenant that all gateways share.',
    labels: ['tenant'],
    read: (stats) => leased(stats, 'records'),
  }),
  quotas.counter({
    name: 'spillway_quota_leased_bytes_total',
    help: 'Bytes that this gateway has leased from the quota of a tenant that all gateways share.',
    labels: ['tenant'],
    read: (stats) => leased(stats, 'bytes'),
  }),
  quotas.gauge({
    name: 'spillway_quota_local_share_ratio',
    help: 'Share of each quota that this gateway grants itself while the shared quotas cannot be reached. It is 0 while they can.',
    read: ({ localShare }) => localShare ?? 0,
  }),
];

/** 1 for the state that a breaker is in and 0 for the others, so that each state is a series. */
export function breakerSamples<Label extends string>(
  labels: Readonly<Record<Label, string>>,
  current: BreakerState,
): Sample<Label | 'state', boolean>[] {
  return breakerStates.map((state) => ({ labels: { ...labels, state }, value: state === current }));
}

function leased({ leased: amounts }: QuotasStats, wanted: 'records' | 'bytes'): Sample<'tenant'>[] {
  return amounts
    .filter(({ of }) => of === wanted)
    .map(({ tenant, amount }) => ({ labels: { tenant }, value: amount }));
}
