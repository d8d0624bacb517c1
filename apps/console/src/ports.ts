/** What the console asks of the rest of Spillway beyond the broker and the stores. */
import type { ComponentHealth } from '@spillway/runtime';

export interface Principal {
  tenant: string;
  /** `query` reads, `admin` may also resubmit. */
  scopes: Iterable<string>;
}

export interface Keys {
  /** Undefined when the key is not known. */
  authenticate(bearer: string): Principal | undefined;
}

/** As `spillway audit --json` prints it. */
export interface LedgerReport {
  totals: LedgerCounts;
  bySignal: Record<string, LedgerCounts>;
  byTenant: Record<string, LedgerCounts>;
  /** Minutes that some group has not passed yet. */
  open: unknown[];
}

/** `accepted`, `stored`, `searchable`, `duplicates`, … `unaccounted`; in records. */
export type LedgerCounts = Record<string, number>;

export type ReadLedger = (query: {
  /** First minute of acceptance, ms since the epoch; undefined: all that is kept. */
  since?: number | undefined;
  tenant: string;
}) => Promise<LedgerReport>;

export interface DeadLetterQuery {
  tenant: string;
  signal?: string | undefined;
  group?: string | undefined;
  code?: string | undefined;
  limit: number;
  cursor?: string | undefined;
}

export interface DeadLetterSummary {
  id: string;
  signal: string;
  /** The consumer group that refused it. */
  group: string;
  /** Stable, a metric label. */
  code: string;
  /** For a person. */
  reason: string;
  records: number;
  receivedMs: number;
  deadLetteredMs: number;
}

export interface DeadLetterPage {
  items: DeadLetterSummary[];
  cursor: string | undefined;
  /** Over all that the query matches, not only this page. */
  byCode: { code: string; letters: number; records: number }[];
}

export interface DeadLetters {
  list(query: DeadLetterQuery): Promise<DeadLetterPage>;
  /** Undefined when there is none, or it is another tenant's. JSON; `records` decoded if they can be. */
  show(query: { tenant: string; id: string }): Promise<(DeadLetterSummary & object) | undefined>;
  resubmit(query: {
    tenant: string;
    ids?: readonly string[] | undefined;
    code?: string | undefined;
  }): Promise<{ resubmitted: number; refused: { id: string; reason: string }[] }>;
}

export interface Admin {
  ready(): { ok: boolean; components: ComponentHealth[] };
  /** Prometheus text format. */
  metrics(): Promise<string>;
  /** One entry per gateway that is known; its numbers by name. */
  gateways?(): Promise<GatewayStats[]>;
}

export interface GatewayStats {
  name: string;
  stats: Record<string, number | string>;
}

/** Names of the consumer groups behind the stores. */
export interface Groups {
  writer: string;
  search: string;
  live: string;
}

export type ConsoleEvent =
  | { type: 'query-failed'; route: string; code: string; error: unknown }
  | { type: 'resubmitted'; tenant: string; resubmitted: number; refused: number }
  | { type: 'page-missing'; folder: string };
