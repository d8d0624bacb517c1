/**
 * Live roll-ups: RED per service and operation, and service map edges, over the last hour or so.
 * Position and effect are one step, so a redelivered message is not counted twice.
 */

import type { Rebuildable } from './rebuild.ts';
import type { OperationSummary, ServiceSummary, TimeRange } from './search-store.ts';
import type { Sink } from './sink.ts';

export interface MapEdge {
  from: string;
  to: string;
  calls: number;
  errors: number;
  p95Ms: number;
}

export interface LiveStore extends Sink, Rebuildable {
  /** How far back the roll-ups reach, ms. */
  readonly windowMs: number;
  services(query: TimeRange & { tenant: string }): Promise<ServiceSummary[]>;
  operations(query: TimeRange & { tenant: string; service: string }): Promise<OperationSummary[]>;
  map(query: TimeRange & { tenant: string }): Promise<MapEdge[]>;
  /** Empty and ready to be filled again: for `rebuild live`. */
  reset(): Promise<void>;
}
