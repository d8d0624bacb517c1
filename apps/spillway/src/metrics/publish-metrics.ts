import type { GatewayStats } from '@spillway/gateway';
import type { Family, Sample } from '@spillway/runtime';

const breakerStates = ['closed', 'half-open', 'open'] as const;
const partitionStates = ['direct', 'spilling', 'draining'] as const;

/** What stands between the gateway and the broker: breakers, retries, partitions, the spill. */
export function publishFamilies(stats: () => GatewayStats): Family[] {
  return [
    {
      name: 'spillway_gateway_breaker_state',
      help: '1 for the state in which the breaker of the signal is.',
      type: 'gauge',
      read: () =>
        stats().signals.flatMap(({ signal, state }) =>
          breakerStates.map((one) => ({ labels: { signal, state: one }, value: +(one === state) })),
        ),
    },
    {
      name: 'spillway_gateway_breaker_opened_total',
      help: 'Times the breaker of the signal opened.',
      type: 'counter',
      read: () =>
        stats().signals.map(({ signal, opened: value }) => ({ labels: { signal }, value })),
    },
    {
      name: 'spillway_gateway_publish_retries_total',
      help: 'Publishes tried again, within the budget.',
      type: 'counter',
      read: () =>
        stats().signals.map(({ signal, retries: value }) => ({ labels: { signal }, value })),
    },
    {
      name: 'spillway_gateway_partitions',
      help: 'Partitions by where their messages go: direct to the broker, or into the spill.',
      type: 'gauge',
      read: () =>
        stats().signals.flatMap(({ signal, partitions }) =>
          partitionStates.map((state) => ({ labels: { signal, state }, value: partitions[state] })),
        ),
    },
    ...spillFamilies(() => stats().spill),
  ];
}

type Spill = NonNullable<GatewayStats['spill']>;

function spillFamilies(stats: () => Spill | undefined): Family[] {
  const family = (
    type: 'gauge' | 'counter',
    name: string,
    help: string,
    value: (spill: Spill) => number,
  ): Family => ({
    ...{ name, help, type },
    read: (): Sample[] => {
      const spill = stats();
      return spill ? [{ value: value(spill) }] : [];
    },
  });
  return [
    family('gauge', 'spillway_spill_messages', 'Messages in the spill.', (of) => of.messages),
    family('gauge', 'spillway_spill_bytes', 'Of the messages in the spill.', (of) => of.bytes),
    family('gauge', 'spillway_spill_disk_bytes', 'Of the spill on its disk.', (of) => of.diskBytes),
    family('gauge', 'spillway_spill_disk_bytes_max', 'Its bound.', (of) => of.bytesMax),
    family('gauge', 'spillway_spill_oldest_seconds', 'Age of the oldest.', (of) => {
      return of.oldestAgeMs / 1000;
    }),
    family('gauge', 'spillway_spill_cut', '1 while it takes no more before its bound.', (of) => {
      return +(of.cut !== '');
    }),
    family('gauge', 'spillway_spill_notes', 'Notes of the ledger kept there.', (of) => of.notes),
    family('counter', 'spillway_spill_spilled_messages_total', 'Made durable there.', (of) => {
      return of.spilledMessages;
    }),
    family('counter', 'spillway_spill_drained_messages_total', 'Brought to the broker.', (of) => {
      return of.drainedMessages;
    }),
    family('counter', 'spillway_spill_drained_bytes_total', 'Brought to the broker.', (of) => {
      return of.drainedBytes;
    }),
    family('counter', 'spillway_spill_refused_messages_total', 'Neither way was open.', (of) => {
      return of.refusedMessages;
    }),
    family(
      'counter',
      'spillway_spill_lost_messages_total',
      'Damaged on the disk.',
      (of) => of.lost,
    ),
  ];
}
