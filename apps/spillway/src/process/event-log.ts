import type { EventKind } from '@spillway/events';
import type { Logger } from '@spillway/runtime';
import type { EventType } from '../modules/events.ts';

/** What any part reports; it has further fields of its own. */
interface SomeEvent {
  readonly type: EventType;
}

/** Takes an event, without delay and without an answer. */
export type Report = (event: SomeEvent) => void;

/** A warning that comes again and again is logged this often. */
const quietMs = 10_000;

export interface EventLogOptions {
  logger: Pick<Logger, EventKind['severity']>;
  kinds: Readonly<Record<EventType, EventKind>>;
  /** Monotonic milliseconds. */
  nowMs?: () => number;
}

/**
 * Writes one log line per event, at the severity that its table gives it. Of warnings of one kind
 * that follow each other within 10 s, the next line counts those that were left out as `leftOut`.
 */
export function eventLog({
  logger,
  kinds,
  nowMs = () => performance.now(),
}: EventLogOptions): Report {
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
    const { severity, withStack } = kinds[event.type];
    const cause = error instanceof Error ? { error: error.message } : error ? { error } : {};
    const stack = withStack && error instanceof Error ? { stack: error.stack } : {};
    const line = { ...fields, ...cause, ...stack };
    if (severity === 'warn') warn(line);
    else logger[severity](line);
  };
}
