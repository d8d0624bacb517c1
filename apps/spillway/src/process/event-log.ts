import type { Logger } from '@spillway/runtime';

/** What any part reports: a closed list per package; here only its name matters. */
export interface SomeEvent {
  type: string;
}

export type Report = (event: SomeEvent) => void;

const severe = new Set([
  'drain-refused',
  'failed',
  'internal-error',
  'keys-file-wrong',
  'message-unreadable',
  'messages-lost',
  'positions-lost',
  'segment-missing',
  'segment-quarantined',
  'set-aside',
  'set-aside-kept',
  'store-damaged',
  'store-set-aside',
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
  'set-aside-removed',
  'store-available',
  'store-closed',
  'store-half-open',
  'topic-created',
  'topic-grown',
  'publisher-ready',
  'unblocked',
]);

/** A warning that comes again and again is logged this often. */
const quietMs = 10_000;

/**
 * Writes one log line per event. What an operator must act on is an error, the ordinary is info; of
 * warnings of one kind that follow each other, the next line says how many were left out.
 */
export function eventLog(logger: Logger, nowMs: () => number = () => performance.now()): Report {
  const warned = new Map<string, { atMs: number; leftOut: number }>();
  const warn = (line: SomeEvent & { group?: unknown; name?: unknown }): void => {
    const kind = [line.type, line.group, line.name].join('/');
    const last = warned.get(kind);
    if (last && nowMs() - last.atMs < quietMs) last.leftOut += 1;
    else {
      warned.set(kind, { atMs: nowMs(), leftOut: 0 });
      logger.warn(last?.leftOut ? { ...line, leftOut: last.leftOut } : line);
    }
  };
  return (event) => {
    const { error, ...fields } = event as SomeEvent & { error?: unknown };
    const isBug = event.type === 'internal-error';
    const cause = error instanceof Error ? { error: error.message } : error ? { error } : {};
    const stack = isBug && error instanceof Error ? { stack: error.stack } : {};
    const line = { ...fields, ...cause, ...stack };
    if (severe.has(event.type)) logger.error(line);
    else if (usual.has(event.type)) logger.info(line);
    else warn(line);
  };
}
