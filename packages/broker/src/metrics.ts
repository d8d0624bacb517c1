import { metricsOf, type Sample } from '@spillway/metrics';
import type { PartitionLag } from './broker.ts';
import type { LagReading } from './lag-board.ts';
import { type SafetyFinding, safetyNames } from './safety.ts';

const { counter, flag, gauge } = metricsOf<LagReading>();
const safety = metricsOf<readonly SafetyFinding[]>();
const place = ['group', 'topic', 'partition'] as const;

/** How far each consumer group is behind, partition by partition; what cannot be known is absent. */
export const lagMetrics = [
  gauge({
    name: 'spillway_lag_messages',
    help: 'Messages of a partition that a consumer group has not committed yet. Absent while that cannot be known.',
    labels: place,
    read: (reading) => ofPartitions(reading, ({ messages }) => messages),
  }),
  gauge({
    name: 'spillway_lag_seconds',
    help: 'Age of the oldest message of a partition that a consumer group has not committed yet, 0 when there is none. Absent while that cannot be known.',
    labels: place,
    read: (reading) => ofPartitions(reading, ({ seconds }) => seconds),
  }),
  counter({
    name: 'spillway_lag_expired_messages_total',
    help: 'Messages of a partition that retention removed from the broker before a consumer group had committed them. They are lost to that group. The broker keeps this count.',
    labels: place,
    read: (reading) => ofPartitions(reading, ({ expired }) => expired),
  }),
  gauge({
    name: 'spillway_lag_age_seconds',
    help: 'Time since the lag of a consumer group was last read from the broker. Absent while it has not been read within a minute.',
    labels: ['group'],
    read: ({ groups }) =>
      groups
        .filter(({ partitions }) => partitions !== undefined)
        .map(({ group, ageMs }) => ({ labels: { group }, value: ageMs / 1_000 })),
  }),
  flag({
    name: 'spillway_lag_unknown',
    help: '1 when the lag of a consumer group could not be read from the broker the last time.',
    labels: ['group'],
    read: ({ groups }) =>
      groups.map(({ group, error }) => ({ labels: { group }, value: error !== undefined })),
  }),
  flag({
    name: 'spillway_lag_groups_unknown',
    help: '1 when the broker could not be asked the last time which consumer groups it has. Groups that are not configured here may be missing then.',
    read: ({ error }) => error !== undefined,
  }),
];

/** Safety checks that an operator has switched off. */
export const safetyMetrics = [
  safety.flag({
    name: 'spillway_unsafe_allowed',
    help: '1 when a safety check has found something that breaks a promise, and an operator has allowed it.',
    labels: ['name'],
    read: (findings) => {
      const allowed = new Set(findings.map(({ name }) => name));
      return safetyNames.map((name) => ({ labels: { name }, value: allowed.has(name) }));
    },
  }),
];

function ofPartitions(
  { groups }: LagReading,
  numberOf: (lag: PartitionLag) => number | null,
): Sample<(typeof place)[number]>[] {
  return groups.flatMap(({ partitions = [] }) =>
    partitions.flatMap((lag) => {
      const { group, topic, partition } = lag;
      const value = numberOf(lag);
      return value === null
        ? []
        : { labels: { group, topic, partition: String(partition) }, value };
    }),
  );
}
