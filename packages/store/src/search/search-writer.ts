/**
 * The write side of a search store: decoded messages in, the account of what was applied, and what
 * keeps the store in shape. Throws a `StoreError`, see `errors.ts`; `apply` as `Sink` says.
 */
import type { LedgerSide, RowCount } from '@spillway/ledger';
import type { Sink } from '../sink.ts';

/** Records that a search store was given since the process started, by what became of them. */
export interface SearchStats {
  /** Outcomes `stored`, those of records that a redelivery brought again included. */
  stored: number;
  duplicates: number;
  deadLettered: number;
  /** Times that the server did not take a record at once. */
  retried: number;
}

/**
 * The write side of a search store: a sink for decoded messages, with its account of what it
 * applied. Throws a `StoreError`; `apply` throws as `Sink` says.
 */
export interface SearchWriter extends Sink, LedgerSide {
  stats(): SearchStats;
  /**
   * Drops records placed before the time (ms since the epoch); they stay counted as `retired`. Their
   * account goes a day after them, and not before `accountOlderThanMs`: an audit adds up the minutes
   * that the write store remembers.
   */
  retain(olderThanMs: number, accountOlderThanMs?: number): Promise<number>;
  /** Takes over what is gone from the write store, so that the account of a rebuild adds up. */
  addRetired(counts: readonly RowCount[]): Promise<void>;
  /** Empties the store, so that `rebuild search` can fill it again. */
  reset(): Promise<void>;
}
