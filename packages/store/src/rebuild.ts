import type { RowCount } from '@spillway/ledger';
import type { DecodedMessage } from './sink.ts';

/**
 * A read store being rebuilt beside the one in use, where several processes share the store. From
 * `beginRebuild` on, whatever any process applies to the store in use goes to this one too;
 * messages are distinguished by their id, so one that comes both ways counts once.
 */
export interface Rebuild {
  /** Messages as the write store read them back (`earlier` is set). */
  apply(messages: readonly DecodedMessage[]): Promise<void>;
  /** What is gone from the write store, so that the account adds up. Search only. */
  addRetired?(counts: readonly RowCount[]): Promise<void>;
  /** From now on every process reads and writes the new one alone; the old one is dropped. */
  finish(): Promise<void>;
  /** The store in use stays; what was built is dropped. */
  abandon(): Promise<void>;
}
