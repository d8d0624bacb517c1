import type { GatewayDocument } from '@spillway/console';
import type { GatewayStats } from '@spillway/gateway';

/**
 * Describes a gateway for the other processes and the page; all of its numbers are in `/metrics`,
 * too.
 */
export function gatewayDocument(stats: GatewayStats, nowMs: number): GatewayDocument {
  const { requests, recordsAccepted, recordsRefused, inFlight, connections, signals } = stats;
  const partitions: Record<string, number> = {};
  for (const { partitions: states } of signals) {
    for (const [state, count] of Object.entries(states)) {
      partitions[state] = (partitions[state] ?? 0) + count;
    }
  }
  return {
    numbers: {
      requests: sum(requests),
      'records accepted': sum(recordsAccepted),
      'records refused': sum(recordsRefused),
      'requests in flight': inFlight.requests,
      'bytes in flight': inFlight.bytes,
      connections: connections.http + connections.grpc,
      'publish retries': signals.reduce((total, { retries }) => total + retries, 0),
    },
    signals: signals.map(({ signal, state, queueBytes }) => ({
      name: signal,
      breaker: state,
      queueBytes,
    })),
    partitions,
    ...(stats.spill && { spill: spillDocument(stats.spill, nowMs) }),
  };
}

/** `bytes` as they count against the bound. */
function spillDocument(spill: NonNullable<GatewayStats['spill']>, nowMs: number) {
  const { messages, diskBytes, bytesMax, oldestAgeMs, cut } = spill;
  return {
    messages,
    bytes: diskBytes,
    bytesMax,
    cut,
    ...(messages > 0 && { oldestMs: nowMs - oldestAgeMs }),
  };
}

function sum(counts: readonly { count: number }[]): number {
  return counts.reduce((total, { count }) => total + count, 0);
}
