import { type LagBoard, lagMetrics, type SafetyFinding, safetyMetrics } from '@spillway/broker';
import { consumerMetrics } from '@spillway/consumer';
import { type Gateway, gatewayMetrics, gatewaySpillMetrics } from '@spillway/gateway';
import { type MetricSource, metricSource } from '@spillway/metrics';
import { liveGroup, searchGroup } from '@spillway/projector';
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
import type { Consumers } from '../pipeline.ts';

export interface Measured {
  lagBoard: Pick<LagBoard, 'read'>;
  /** Undefined where this process has none. */
  gateway: Pick<Gateway, 'stats'> | undefined;
  /** Those that gateways share. */
  quotas: Pick<Quotas, 'stats'> | undefined;
  consumers: Pick<Consumers, 'groups' | 'consumer'>;
  /** The one in use, which a rebuild may exchange. */
  search: () => Pick<SearchStore, 'stats'>;
  live: Pick<LiveStore, 'stats'>;
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
    ...consumerSources(measured),
    metricSource('consumers', consumerMetrics, () =>
      consumers.groups.flatMap((group) => {
        const report = consumers.consumer(group)?.stats();
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

/** A store counts what it is given, so it has nothing to tell where no consumer gives it anything. */
function consumerSources({ consumers, search, live }: Measured): MetricSource[] {
  const sources = [
    {
      group: searchGroup,
      source: metricSource('search store', searchMetrics, () => search().stats()),
    },
    { group: liveGroup, source: metricSource('live store', liveMetrics, () => live.stats()) },
  ];
  return sources.flatMap(({ group, source }) => (consumers.groups.includes(group) ? source : []));
}
