/** What the console asks of the rest of Spillway beyond the broker and the stores. */

import type { MessageId } from '@spillway/broker';
import type { LedgerReport } from '@spillway/ledger';
import type { Signal } from '@spillway/otlp';
import type { DependencyState } from '@spillway/resilience';
import type { ComponentHealth } from '@spillway/runtime';
import type { Asked } from '@spillway/store';

export type { LedgerReport } from '@spillway/ledger';

/** Who an API key belongs to, and what it allows. */
export interface Principal {
  tenant: string;
  /** `query` reads, `admin` may also resubmit. */
  scopes: Iterable<string>;
}

/** Finds what an API key allows, as `KeyRing` of `@spillway/keys` does. */
export interface Keys {
  /** Undefined when the key is not known. */
  find(key: string): Principal | undefined;
}

/** Reads the ledger for a tenant and a range of time. */
export type ReadLedger = (query: {
  /** First minute of acceptance, ms since the epoch; undefined: all that is kept. */
  since?: number | undefined;
  tenant: string;
  ending: AbortSignal;
}) => Promise<LedgerReport>;

/** Which dead letters of a tenant to list: all whose fields equal those that are given. */
export interface DeadLetterFilter {
  tenant: string;
  group?: string | undefined;
  code?: string | undefined;
  signal?: Signal | undefined;
  /** Also those that were resubmitted already. */
  all?: boolean | undefined;
}

/** A dead letter as the query API answers it. */
export interface DeadLetterView {
  id: string;
  tenant: string;
  signal: Signal;
  /** The consumer group that refused it. */
  group: string;
  /** Stable, a metric label. */
  code: string;
  /** For a person. */
  reason: string;
  records: number;
  /** False when the records were too large to be kept with it: it cannot be resubmitted. */
  hasBody: boolean;
  receivedMs: number;
  deadSinceMs: number;
  /** The message it was cut from. */
  source: { topic: string; partition: number; position: number | undefined };
  /** How the ledger names that message. */
  sourceId: MessageId;
  /** Index of its first record in the message; undefined for a message that failed as a whole. */
  part: string | undefined;
  resubmitted: boolean;
}

/** Lists, shows and resubmits dead letters, as `DeadLetters` of `@spillway/dead-letters` does. */
export interface DeadLetters {
  /** Newest first; `isWhole` false: there are older ones, or some have not been read yet. */
  newest(
    filter: DeadLetterFilter,
    ending: AbortSignal,
  ): Promise<{ deadLetters: readonly DeadLetterView[]; isWhole: boolean }>;
  /**
   * Shows a dead letter of the tenant. `body`: the records as OTLP/JSON, base64 when they cannot be
   * read, '' when too many.
   */
  show(
    id: string,
    asked: Asked & { tenant: string },
  ): Promise<{ deadLetter: DeadLetterView; body: string; bodyBytes: number } | undefined>;
  /** Yields the id of each that was sent; ends behind the last, or at the signal. */
  resubmit(
    ids: readonly string[],
    options: { ratePerSecond?: number; abort: AbortSignal },
  ): AsyncIterable<string>;
}

/** What an operator can do through the query API. */
export interface Admin {
  ready(): { ok: boolean; components: ComponentHealth[] };
  /** Prometheus text format; without `tenants` it names none of them. */
  metrics(options: { tenants: boolean }): Promise<string>;
  fleet(): Promise<FleetReading>;
}

/** All processes of the pipeline, as far as this one knows them. */
export interface FleetReading {
  /**
   * `alone`: processes do not share what they find; `lost`: they would, but cannot at the moment.
   */
  view: 'alone' | 'shared' | 'lost';
  /** Processes that must report a server as down before the whole fleet treats it as down. */
  reportersMin: number;
  dependencies: DependencyState[];
  /** `document`: a `ProcessDocument` of the version of that process. */
  processes: { name: string; startedMs: number; document: unknown }[];
}

/** What the console reports to the log of its process. */
export type ConsoleEvent =
  | { type: 'query-failed'; route: string; code: string; error: unknown }
  | { type: 'resubmitted'; tenant: string; resubmitted: number; skipped: number }
  | { type: 'page-missing'; folder: string };
