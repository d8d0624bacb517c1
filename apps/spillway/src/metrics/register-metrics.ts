import type { GroupLag, LagBoard, PartitionLag, SafetyFinding } from '@spillway/broker';
import type { ConsumerReport } from '@spillway/consumer';
import type { Gateway, GatewayStats } from '@spillway/gateway';
import type { Dependencies, Quotas } from '@spillway/resilience';
import type { ComponentHealth, Family, InternalErrors, Metrics, Sample } from '@spillway/runtime';
import type { LiveStore } from '@spillway/store';
import type { Restartable } from '../process/restartable.ts';
import { dependencyFamilies } from './dependency-metrics.ts';
import { internalErrorFamilies } from './internal-error-metrics.ts';
import { liveFamilies } from './live-metrics.ts';
import { publishFamilies } from './publish-metrics.ts';
import { quotaFamilies } from './quota-metrics.ts';

export interface Measured {
  lagBoard: LagBoard;
  gateway: Gateway | undefined;
  /** Those that gateways share. */
  quotas: Quotas | undefined;
  consumers: readonly Restartable[];
  /** The one that is filled here. */
  live: LiveStore | undefined;
  /** Checks that are switched off. */
  unsafe: () => readonly SafetyFinding[];
  dependencies: Dependencies;
  internalErrors: InternalErrors;
  health: () => ComponentHealth[];
}

/** Every family that `/metrics` answers with. */
export function registerMetrics(metrics: Metrics, measured: Measured): void {
  const { gateway, quotas, lagBoard, consumers, live, dependencies, unsafe, health } = measured;
  const { internalErrors } = measured;
  const families = [
    ...(gateway ? gatewayFamilies(() => gateway.stats()) : []),
    ...(gateway ? quotaFamilies(() => gateway.stats().quotas, quotas) : []),
    ...(gateway ? publishFamilies(() => gateway.stats()) : []),
    ...lagFamilies(lagBoard),
    ...consumerFamilies(consumers),
    ...(live ? liveFamilies(live) : []),
    ...dependencyFamilies(dependencies),
    ...processFamilies(),
    ...internalErrorFamilies(internalErrors),
    gauge('spillway_unsafe_allowed', '1 for each safety check that is switched off.', () =>
      [...new Set(unsafe().map(({ name }) => name))].map((name) => ({
        labels: { name },
        value: 1,
      })),
    ),
    {
      name: 'spillway_component_up',
      help: '1 when the part is well.',
      type: 'gauge' as const,
      read: () => health().map(({ name, ok }) => ({ labels: { component: name }, value: +ok })),
    },
  ];
  for (const family of families) metrics.register(family);
}

function gatewayFamilies(stats: () => GatewayStats): Family[] {
  return [
    {
      name: 'spillway_gateway_requests_total',
      help: 'OTLP requests by outcome.',
      type: 'counter',
      read: () => stats().requests.map(({ count: value, ...labels }) => ({ labels, value })),
    },
    {
      name: 'spillway_gateway_answer_milliseconds',
      help: 'Time from the start of a request to its answer.',
      type: 'histogram',
      read: () =>
        stats().latencyMs.map(({ signal, protocol, ...histogram }) => ({
          labels: { signal, protocol },
          ...histogram,
        })),
    },
    {
      name: 'spillway_gateway_records_accepted_total',
      help: 'Records made durable.',
      type: 'counter',
      read: () => stats().recordsAccepted.map(({ count: value, ...labels }) => ({ labels, value })),
    },
    {
      name: 'spillway_gateway_records_refused_total',
      help: 'Records refused after they were counted, by reason.',
      type: 'counter',
      read: () => stats().recordsRefused.map(({ count: value, ...labels }) => ({ labels, value })),
    },
    {
      name: 'spillway_gateway_received_bytes_total',
      help: 'Request bodies as they were sent.',
      type: 'counter',
      read: () =>
        stats().bodyBytes.map(({ signal, received }) => ({ labels: { signal }, value: received })),
    },
    gauge('spillway_gateway_in_flight_requests', 'Requests in flight.', () => [
      { value: stats().inFlight.requests },
    ]),
    gauge('spillway_gateway_in_flight_bytes', 'Bodies in flight.', () => [
      { value: stats().inFlight.bytes },
    ]),
    gauge('spillway_gateway_queue_bytes', 'Waiting for the broker.', () => [
      { value: stats().queueBytes },
    ]),
    {
      name: 'spillway_gateway_publish_milliseconds',
      help: 'Time of one publish to the broker.',
      type: 'histogram',
      read: () => [stats().publishMs],
    },
    {
      name: 'spillway_gateway_publish_messages',
      help: 'Messages in one publish.',
      type: 'histogram',
      read: () => [stats().publishMessages],
    },
  ];
}

function lagFamilies(board: LagBoard): Family[] {
  const ofGroups = async (value: (lag: GroupLag) => number | undefined): Promise<Sample[]> => {
    const { groups } = await board.read();
    return groups.flatMap((lag) => {
      const known = value(lag);
      return known === undefined ? [] : [{ labels: { group: lag.group }, value: known }];
    });
  };
  const ofPartitions = async (value: (lag: PartitionLag) => number | null): Promise<Sample[]> => {
    const { groups } = await board.read();
    return groups.flatMap(({ partitions = [] }) =>
      partitions.flatMap((lag) => {
        const labels = { group: lag.group, topic: lag.topic, partition: String(lag.partition) };
        const known = value(lag);
        return known === null ? [] : [{ labels, value: known }];
      }),
    );
  };
  return [
    gauge(
      'spillway_lag_messages',
      'Messages that a consumer group has not committed yet; absent while that is unknown.',
      () => ofPartitions(({ messages }) => messages),
    ),
    gauge(
      'spillway_lag_seconds',
      'Age of the oldest message that a consumer group has not committed yet.',
      () => ofPartitions(({ seconds }) => seconds),
    ),
    gauge(
      'spillway_expired_messages',
      'Messages that retention removed before the consumer group had read them.',
      () => ofPartitions(({ expired }) => expired),
    ),
    gauge(
      'spillway_lag_age_seconds',
      'Time since the lag of a consumer group was last read from the broker.',
      () => ofGroups(({ partitions, ageMs }) => (partitions ? ageMs / 1000 : undefined)),
    ),
    gauge(
      'spillway_lag_unknown',
      '1 when the lag of a consumer group could not be read from the broker the last time.',
      () => ofGroups(({ error }) => (error === undefined ? 0 : 1)),
    ),
  ];
}

function consumerFamilies(consumers: readonly Restartable[]): Family[] {
  const outcomes = ['stored', 'duplicates', 'deadLettered'] as const;
  const each = (read: (group: string, stats: Readonly<ConsumerReport>) => Sample[]): Sample[] =>
    consumers.flatMap(({ name: group, consumer }) => {
      const stats = consumer?.stats();
      return stats ? read(group, stats) : [];
    });
  return [
    {
      name: 'spillway_consumer_records_total',
      help: 'Records by what the sink made of them.',
      type: 'counter',
      read: () =>
        each((group, stats) =>
          outcomes.map((outcome) => ({ labels: { group, outcome }, value: stats[outcome] })),
        ),
    },
    {
      name: 'spillway_consumer_messages_total',
      help: 'Messages committed.',
      type: 'counter',
      read: () => each((group, { messages }) => [{ labels: { group }, value: messages }]),
    },
    {
      name: 'spillway_consumer_retries_total',
      help: 'Times a sink or the broker had to be asked again.',
      type: 'counter',
      read: () => each((group, { retries }) => [{ labels: { group }, value: retries }]),
    },
    gauge(
      'spillway_consumer_breaker_state',
      '1 for the state that the breaker of the store is in.',
      () =>
        each((group, { breaker }) =>
          breakerStates.map((state) => ({ labels: { group, state }, value: +(state === breaker) })),
        ),
    ),
    {
      name: 'spillway_consumer_breaker_opened_total',
      help: 'Times that the store failed so often that it was only probed from then on.',
      type: 'counter',
      read: () => each((group, stats) => [{ labels: { group }, value: stats.breakerOpened }]),
    },
    gauge('spillway_consumer_held_partitions', 'Their next message is wanted later.', () =>
      each((group, { partitionsHeld }) => [{ labels: { group }, value: partitionsHeld }]),
    ),
  ];
}

const breakerStates = ['closed', 'half-open', 'open'] as const;

function processFamilies(): Family[] {
  return [
    {
      name: 'spillway_process_cpu_seconds_total',
      help: 'User and system CPU time.',
      type: 'counter',
      read: () => {
        const { user, system } = process.cpuUsage();
        return [{ value: (user + system) / 1e6 }];
      },
    },
    gauge('spillway_process_resident_bytes', 'Resident memory.', () => [
      { value: process.memoryUsage.rss() },
    ]),
  ];
}

function gauge(
  name: string,
  help: string,
  read: () => readonly Sample[] | Promise<readonly Sample[]>,
): Family {
  return { name, help, type: 'gauge', read };
}
