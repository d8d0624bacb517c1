import { type LagBoard, lagMetrics, type SafetyFinding, safetyMetrics } from '@spillway/broker';
import { consumerMetrics } from '@spillway/consumer';
import { type Gateway, gatewayMetrics, gatewaySpillMetrics } from '@spillway/gateway';
import { type MetricSource, metricSource } from '@spillway/metrics';
import {
  type Dependencies,
  dependencyMetrics,
  type Quotas,
  sharedQuotaMetrics,
} from '@spillway/resilience';
import {
  type ComponentHealth,
  healthMetrics,
  type InternalErrors,
  internalErrorMetrics,
} from '@spillway/runtime';
import { type LiveStore, liveMetrics, type SearchStore, searchMetrics } from '@spillway/store';
import type { Restartable } from '../process/restartable.ts';

export interface Measured {
  lagBoard: Pick<LagBoard, 'read'>;
  /** Undefined where this process has none. */
  gateway: Pick<Gateway, 'stats'> | undefined;
  /** Those that gateways share. */
  quotas: Pick<Quotas, 'stats'> | undefined;
  consumers: readonly Pick<Restartable, 'name' | 'consumer'>[];
  /**
   * The one in use, which a rebuild may exchange; undefined where this process does not fill it.
   */
  search: (() => Pick<SearchStore, 'stats'>) | undefined;
  /** Undefined where this process does not fill it. */
  live: Pick<LiveStore, 'stats'> | undefined;
  /** Checks that are switched off. */
  unsafe: () => readonly SafetyFinding[];
  dependencies: Pick<Dependencies, 'states'>;
  internalErrors: Pick<InternalErrors, 'counts'>;
  health: () => ComponentHealth[];
}

/** Everything that `/metrics` of a process answers with; its packages declare the families. */
export function metricSources(measured: Measured): MetricSource[] {
  const { lagBoard, consumers, dependencies, unsafe, health, internalErrors } = measured;
  return [
    ...gatewaySources(measured),
    metricSource('lag', lagMetrics, () => lagBoard.read()),
    ...storeSources(measured),
    metricSource('consumers', consumerMetrics, () =>
      consumers.flatMap(({ name: group, consumer }) => {
        const report = consumer?.stats();
        return report ? [{ group, report }] : [];
      }),
    ),
    metricSource('dependencies', dependencyMetrics, () => dependencies.states()),
    metricSource('safety', safetyMetrics, unsafe),
    metricSource('internal errors', internalErrorMetrics, () => internalErrors.counts()),
    metricSource('health', healthMetrics, health),
  ];
}

function gatewaySources({ gateway, quotas }: Measured): MetricSource[] {
  if (!gateway) return [];
  const own = [
    metricSource('gateway', gatewayMetrics, () => gateway.stats()),
    metricSource('spill', gatewaySpillMetrics, () => gateway.stats().spill),
  ];
  return quotas
    ? [...own, metricSource('shared quotas', sharedQuotaMetrics, () => quotas.stats())]
    : own;
}

/**
 * A store counts what it is given, so it has nothing to report where no consumer gives it anything.
 */
function storeSources({ search, live }: Measured): MetricSource[] {
  return [
    ...(search ? [metricSource('search store', searchMetrics, () => search().stats())] : []),
    ...(live ? [metricSource('live store', liveMetrics, () => live.stats())] : []),
  ];
}
