import type { Gateway } from '@spillway/gateway';

/** A gateway's numbers for a person; all of them are in `/metrics`. */
export function summaryOf(
  name: string,
  gateway: Gateway,
): {
  name: string;
  stats: Record<string, number | string>;
} {
  const { requests, recordsAccepted, recordsRefused, inFlight, queueBytes, connections } =
    gateway.stats();
  const sum = (counts: readonly { count: number }[]) =>
    counts.reduce((total, { count }) => total + count, 0);
  return {
    name,
    stats: {
      requests: sum(requests),
      'records accepted': sum(recordsAccepted),
      'records refused': sum(recordsRefused),
      'requests in flight': inFlight.requests,
      'bytes in flight': inFlight.bytes,
      'bytes queued': queueBytes,
      connections: connections.http + connections.grpc,
    },
  };
}
