import { metricsOf } from '@spillway/metrics';
import { breakerSamples } from '@spillway/resilience';
import type { GatewayStats } from '../model/stats.ts';
import { partitionModes } from '../publish/partition/partition-state.ts';
import type { SignalPublisherStats } from '../publish/signal-publisher.ts';

const { counter, flag, gauge, histogram } = metricsOf<GatewayStats>();

/** What stands between the gateway and the broker: publishes, breakers, partitions, notes. */
export const publishMetrics = [
  gauge({
    name: 'spillway_gateway_queue_bytes',
    help: 'Size of the messages of a signal that wait for the broker or are on their way to it.',
    labels: ['signal'],
    read: (stats) => ofSignals(stats, ({ queueBytes }) => queueBytes),
  }),
  histogram({
    name: 'spillway_gateway_publish_duration_seconds',
    help: 'Time that one publish of messages to the broker took, whatever its outcome.',
    read: ({ publishSeconds }) => publishSeconds,
  }),
  histogram({
    name: 'spillway_gateway_publish_messages',
    help: 'Messages that were in one publish to the broker.',
    read: ({ publishMessages }) => publishMessages,
  }),
  histogram({
    name: 'spillway_gateway_publish_bytes',
    help: 'Size of the messages that were in one publish to the broker.',
    read: ({ publishBytes }) => publishBytes,
  }),
  counter({
    name: 'spillway_gateway_publishes_total',
    help: 'Publishes of a signal to the broker, by outcome: ok, failed, or rejected, which is not tried because the breaker is open.',
    labels: ['signal', 'outcome'],
    read: ({ signals }) =>
      signals.flatMap(({ signal, calls, failures, rejected }) => [
        { labels: { signal, outcome: 'ok' }, value: calls - failures },
        { labels: { signal, outcome: 'failed' }, value: failures },
        { labels: { signal, outcome: 'rejected' }, value: rejected },
      ]),
  }),
  counter({
    name: 'spillway_gateway_publish_retries_total',
    help: 'Publishes of a signal that were tried again, within the retry budget.',
    labels: ['signal'],
    read: (stats) => ofSignals(stats, ({ retries }) => retries),
  }),
  gauge({
    name: 'spillway_gateway_publish_retry_tokens',
    help: 'Retries that the retry budget of a signal still allows.',
    labels: ['signal'],
    read: (stats) => ofSignals(stats, ({ retryTokens }) => retryTokens),
  }),
  flag({
    name: 'spillway_gateway_breaker_state',
    help: '1 for the state that the breaker between a signal and the broker is in. While it is open, messages go into the spill or are refused.',
    labels: ['signal', 'state'],
    read: ({ signals }) =>
      signals.flatMap(({ signal, state }) => breakerSamples({ signal }, state)),
  }),
  counter({
    name: 'spillway_gateway_breaker_opened_total',
    help: 'Times that the breaker between a signal and the broker opened, because publishes failed.',
    labels: ['signal'],
    read: (stats) => ofSignals(stats, ({ opened }) => opened),
  }),
  gauge({
    name: 'spillway_gateway_partitions',
    help: 'Partitions of a signal by where their messages go: direct to the broker, into the spill (spilling), or into the spill while it is emptied (draining).',
    labels: ['signal', 'state'],
    read: ({ signals }) =>
      signals.flatMap(({ signal, partitions }) =>
        partitionModes.map((state) => ({ labels: { signal, state }, value: partitions[state] })),
      ),
  }),
  counter({
    name: 'spillway_gateway_ledger_notes_total',
    help: 'Notes for the ledger about durable messages, by what became of them: published, failed (tried again later), or kept in the spill.',
    labels: ['outcome'],
    read: ({ notes: { published, failed, kept } }) => [
      { labels: { outcome: 'published' }, value: published },
      { labels: { outcome: 'failed' }, value: failed },
      { labels: { outcome: 'kept' }, value: kept },
    ],
  }),
  gauge({
    name: 'spillway_gateway_ledger_pending_messages',
    help: 'Durable messages that no note for the ledger names yet. At 100,000 the gateway refuses requests (notes-full).',
    read: ({ notes }) => notes.pendingMessages,
  }),
];

function ofSignals({ signals }: GatewayStats, numberOf: (stats: SignalPublisherStats) => number) {
  return signals.map((stats) => ({ labels: { signal: stats.signal }, value: numberOf(stats) }));
}
