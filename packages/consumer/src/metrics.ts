import { metricsOf, type Sample } from '@spillway/metrics';
import { breakerSamples } from '@spillway/resilience';
import type { ConsumerReport } from './consumer-stats.ts';

/** A consumer of this process, by its group. */
export interface GroupReport {
  group: string;
  report: Readonly<ConsumerReport>;
}

const { counter, flag, gauge } = metricsOf<readonly GroupReport[]>();

/** What the consumers of this process have done, and how their stores are. */
export const consumerMetrics = [
  counter({
    name: 'spillway_consumer_records_total',
    help: 'Records that a consumer has handed to its store and committed, by what became of them: stored, duplicate, or dead-letter.',
    labels: ['group', 'outcome'],
    read: (groups) =>
      groups.flatMap(({ group, report: { stored, duplicates, deadLettered } }) => [
        { labels: { group, outcome: 'stored' }, value: stored },
        { labels: { group, outcome: 'duplicate' }, value: duplicates },
        { labels: { group, outcome: 'dead-letter' }, value: deadLettered },
      ]),
  }),
  counter({
    name: 'spillway_consumer_messages_total',
    help: 'Messages of the broker that a consumer has committed.',
    labels: ['group'],
    read: (groups) => each(groups, ({ messages }) => messages),
  }),
  counter({
    name: 'spillway_consumer_batches_total',
    help: 'Batches of messages that a consumer has committed.',
    labels: ['group'],
    read: (groups) => each(groups, ({ batches }) => batches),
  }),
  counter({
    name: 'spillway_consumer_retries_total',
    help: 'Times that a consumer had to ask its store or the broker again.',
    labels: ['group'],
    read: (groups) => each(groups, ({ retries }) => retries),
  }),
  flag({
    name: 'spillway_consumer_breaker_state',
    help: '1 for the state that the breaker between a consumer and its store is in. While it is open, the store is only probed.',
    labels: ['group', 'state'],
    read: (groups) =>
      groups.flatMap(({ group, report: { breaker } }) => breakerSamples({ group }, breaker)),
  }),
  counter({
    name: 'spillway_consumer_breaker_opened_total',
    help: 'Times that the breaker between a consumer and its store opened, because the store failed again and again.',
    labels: ['group'],
    read: (groups) => each(groups, ({ breakerOpened }) => breakerOpened),
  }),
  gauge({
    name: 'spillway_consumer_held_partitions',
    help: 'Partitions that a consumer does not read on, because its store wants their next message later.',
    labels: ['group'],
    read: (groups) => each(groups, ({ partitionsHeld }) => partitionsHeld),
  }),
];

function each(
  groups: readonly GroupReport[],
  numberOf: (report: Readonly<ConsumerReport>) => number,
): Sample<'group'>[] {
  return groups.map(({ group, report }) => ({ labels: { group }, value: numberOf(report) }));
}
