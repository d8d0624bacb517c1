import type { GatewayDocument } from '@spillway/console';
import type { GatewayStats } from '@spillway/gateway';

/** A gateway's numbers for a person; all of them are in `/metrics`. */
export function gatewayDocument(stats: GatewayStats): GatewayDocument {
  const { requests, recordsAccepted, recordsRefused, inFlight, queueBytes, connections } = stats;
  return {
    numbers: {
      requests: sum(requests),
      'records accepted': sum(recordsAccepted),
      'records refused': sum(recordsRefused),
      'requests in flight': inFlight.requests,
      'bytes in flight': inFlight.bytes,
      'bytes queued': queueBytes,
      connections: connections.http + connections.grpc,
    },
    lanes: [],
    partitions: {},
  };
}

function sum(counts: readonly { count: number }[]): number {
  return counts.reduce((total, { count }) => total + count, 0);
}
