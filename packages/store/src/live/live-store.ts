/**
 * Live roll-ups: RED per service and operation, and service map edges, over the last hour or so.
 * Position and effect are one step, so a redelivered message is not counted twice.
 */

import type { Asked, TimeRange } from '../search/search-reader.ts';
import type { OperationSummary, ServiceSummary } from '../search/views.ts';
import type { Sink } from '../sink.ts';
import type { TailedSignal } from './live-signals.ts';

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
  signal: TailedSignal;
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
  /**
   * Records of the tenant and signal, whatever the filters, that came behind `afterId` and are not
   * kept, as more came in a second than a person could read. Counted with the record that is kept next.
   */
  skipped: number;
}

/** Times that a live store met one of its limits. */
export interface LiveLimitsMet {
  /** A name found no room and was counted under `otherName`. */
  names: number;
  /** The oldest of the window was forgotten early. */
  window: number;
  /** Spans waited for less long than they should for the other side of their call. */
  waiting: number;
  /** A span did not wait at all, because too many wait for the same parent. */
  parents: number;
  /** The time in which a client's retry is recognised was cut short. */
  retries: number;
  /** A message was of a tenant for which there was no room. */
  tenants: number;
}

/** What a live store counts of itself, since the process started where nothing else is said. */
export interface LiveStats {
  /** Kept for live answers, about; in Redis by all processes, as of the last write. */
  memoryBytes: number | undefined;
  /** Records that were counted already. */
  duplicates: number;
  /** Spans that were older than the window when they came. */
  late: number;
  limits: LiveLimitsMet;
  /** What is kept at this moment; undefined where another process keeps it. */
  kept: { tenants: number; series: number; cells: number; waitingSpans: number } | undefined;
}

/**
 * A question about the live roll-ups of a tenant; what lies before the window is not in the answer.
 */
export interface LiveQuery extends TimeRange, Asked {
  tenant: string;
}

/**
 * The read side of a live store, for the query API. Throws a `StoreError`: `invalid-query`,
 * `too-much-asked` or `unavailable`.
 */
export interface LiveReader {
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
}

/**
 * A store of live roll-ups and of the newest records, which a projector fills and the query API
 * reads. It keeps no more than its window, and can be filled again from the write store.
 */
export interface LiveStore extends Sink, LiveReader {
  stats(): LiveStats;
  /** Empties the store, so that `rebuild live` can fill it again. */
  reset(): Promise<void>;
}
