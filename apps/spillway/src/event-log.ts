import type { Logger } from '@spillway/runtime';

/** What any part reports: a closed list per package; here only its name matters. */
export interface SomeEvent {
  type: string;
}

export type Report = (event: SomeEvent) => void;

const severe = new Set([
  'drain-refused',
  'failed',
  'messages-lost',
  'positions-lost',
  'segment-missing',
  'segment-quarantined',
  'value-lost',
]);
const usual = new Set([
  'listening',
  'keys-loaded',
  'assigned',
  'breaker-closed',
  'breaker-half-open',
  'connected',
  'fleet-holds-up',
  'fleet-view-restored',
  'partition-assigned',
  'quotas-shared',
  'redis-up',
  'retained',
  'resubmitted',
  'rewound',
  'search-reachable',
  'store-available',
  'store-closed',
  'store-half-open',
  'topic-created',
  'topic-grown',
  'publisher-ready',
  'unblocked',
]);

/** One log line per event. What an operator must act on is an error, the ordinary is info. */
export function eventLog(logger: Logger): Report {
  return (event) => {
    const { error, ...fields } = event as SomeEvent & { error?: unknown };
    const cause = error instanceof Error ? { error: error.message } : error ? { error } : {};
    const line = { ...fields, ...cause };
    if (severe.has(event.type)) logger.error(line);
    else if (usual.has(event.type)) logger.info(line);
    else logger.warn(line);
  };
}
