import { metricsOf } from '@spillway/metrics';
import { spillMetrics } from '@spillway/spill';
import type { SpilloverStats } from '../publish/spillover.ts';

const { counter, flag, gauge } = metricsOf<SpilloverStats>();

/** The spill, and what goes into it and out of it. */
export const gatewaySpillMetrics = [
  ...spillMetrics,
  gauge({
    name: 'spillway_spill_oldest_age_seconds',
    help: 'Time since the oldest message in the spill was received, 0 when the spill is empty.',
    read: ({ oldestAgeMs }) => oldestAgeMs / 1_000,
  }),
  gauge({
    name: 'spillway_spill_age_limit_seconds',
    help: 'Age of the oldest message from which on the spill takes nothing more (gateway.spill.ageMaxMs).',
    read: ({ ageMaxMs }) => ageMaxMs / 1_000,
  }),
  flag({
    name: 'spillway_spill_closed',
    help: '1 while the spill takes nothing: it is full, its oldest message is too old, or it grows while it drains. What the broker does not take is refused then.',
    read: ({ cut }) => cut !== '',
  }),
  counter({
    name: 'spillway_spill_spilled_messages_total',
    help: 'Messages that were made durable in the spill, because the broker did not take them.',
    read: ({ spilledMessages }) => spilledMessages,
  }),
  counter({
    name: 'spillway_spill_drained_messages_total',
    help: 'Messages that were brought from the spill to the broker.',
    read: ({ drainedMessages }) => drainedMessages,
  }),
  counter({
    name: 'spillway_spill_drained_bytes_total',
    help: 'Size of the messages that were brought from the spill to the broker.',
    read: ({ drainedBytes }) => drainedBytes,
  }),
  counter({
    name: 'spillway_spill_refused_messages_total',
    help: 'Messages that neither the broker nor the spill took, so that their requests were refused.',
    read: ({ refusedMessages }) => refusedMessages,
  }),
];
