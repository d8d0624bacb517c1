/**
 * Live roll-ups: RED per service and operation, and service map edges, over the last hour or so.
 * Position and effect are one step, so a redelivered message is not counted twice.
 */

import type { Rebuildable } from './rebuild.ts';
import type { Asked, OperationSummary, ServiceSummary, TimeRange } from './search-store.ts';
import type { Sink } from './sink.ts';

/** Calls from one service to another. */
export interface MapEdge {
  from: string;
  to: string;
  calls: number;
  errors: number;
  p95Ms: number;
}

/** A question for the newest records. */
export interface TailQuery {
  tenant: string;
  signal: 'logs' | 'traces';
  service?: string | undefined;
  /** Lowest severity number of logs, 1 to 24. */
  severityMin?: number | undefined;
  /** Words that the text must contain, all of them, case-insensitive. */
  query?: string | undefined;
  /** Only what came after it: `lastId` of the answer before. */
  afterId?: string | undefined;
  limit: number;
}

interface TailRecord {
  /** Place in the tail. */
  id: string;
  /** Key of the record: what a client sent again comes with the key that it had. */
  key: string;
  timeUnixNano: string;
  service: string;
  traceId: string;
  spanId: string;
  /** Body or event name of a log, name of a span; `isCut` when it was longer. */
  text: string;
  isCut: boolean;
}

/** A record in the tail. */
export type TailItem = TailRecord &
  (
    | { signal: 'logs'; severityNumber: number; severityText: string }
    | { signal: 'traces'; kind: number; durationMs: number; statusCode: number }
  );

/** An answer of the tail, and where the next question goes on. */
export interface Tail {
  /** In the order in which they came; without `afterId` the last ones. */
  items: TailItem[];
  /** To go on from; undefined as long as nothing came. */
  lastId: string | undefined;
}

/** What the limits of a live store cost, since the process started. */
export interface LiveLimited {
  /** Kept for live answers, about; of what Redis keeps for all processes, as of the last write. */
  memoryBytes?: number;
  /** Times a name found no room and was counted under `otherName`. */
  names: number;
  /** Times the oldest of the window was forgotten early. */
  window: number;
  /** Spans that waited no longer for the other side of their call. */
  waiting: number;
  /** Times in which a client's retry is recognised was cut short. */
  retries: number;
  /** Messages of tenants for which there was no room. */
  tenants: number;
}

/** A question for roll-ups in a range of time. */
export interface LiveQuery extends TimeRange, Asked {
  tenant: string;
}

/** Roll-ups of the last minutes: services, operations, the service map. */
export interface LiveStore extends Sink, Rebuildable {
  /** How far back the roll-ups reach, ms. */
  readonly windowMs: number;
  services(query: LiveQuery): Promise<ServiceSummary[]>;
  operations(query: LiveQuery & { service: string }): Promise<OperationSummary[]>;
  map(query: LiveQuery): Promise<MapEdge[]>;
  /**
   * Logs and spans of the last minutes as they come, bounded in number, size and age. Where more
   * come in a second than a person could read, only some of them.
   */
  tail(query: TailQuery): Promise<Tail>;
  limited(): LiveLimited;
  /** Empty and ready to be filled again: for `rebuild live`. */
  reset(): Promise<void>;
}
