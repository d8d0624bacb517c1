import type { MetricSource } from '@spillway/metrics';
import { metricSources } from './metric-sources.ts';

/** Every family that a process may have, part by part, without a process to read. */
export function declaredMetrics(): Pick<MetricSource, 'name' | 'families'>[] {
  const unread = (): never => {
    throw new Error('these metrics are declared alone, and belong to no process');
  };
  return metricSources({
    lagBoard: { read: unread },
    gateway: { stats: unread },
    quotas: { stats: unread },
    consumers: [],
    search: unread,
    live: { stats: unread },
    unsafe: unread,
    dependencies: { states: unread },
    internalErrors: { counts: unread },
    health: unread,
  });
}
