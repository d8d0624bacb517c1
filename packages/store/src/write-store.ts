import type { Position } from '@spillway/broker';
import type { Signal, TelemetryRecord } from '@spillway/otlp';
import type {
  AppliedMessage,
  LedgerNote,
  LedgerSide,
  MinuteRange,
  NotedMessage,
} from './ledger.ts';
import type { Sink } from './sink.ts';

/**
 * The command side: normalised rows, and the applied messages in the same transaction.
 * Idempotent: a message applied again changes nothing; a record whose key is there is `duplicate`.
 */
export interface WriteStore extends Sink, LedgerSide {
  /**
   * Notes are kept once each; a redelivered note changes nothing. `next` is where the reader of the
   * notes goes on: kept with them, and told by `nextPositions`.
   */
  applyNotes(notes: readonly LedgerNote[], next?: Position): Promise<void>;
  notedMessages(range: MinuteRange): Promise<(NotedMessage & { gateway: string; epoch: number })[]>;
  refusedCounts(
    range: MinuteRange,
  ): Promise<{ tenant: string; signal: Signal; minute: number; records: number }[]>;
  /**
   * Reads the records back, exactly as they were applied (same keys), grouped as the message they
   * came in, in order of minute: what a rebuild of a read store is fed with.
   */
  readBack(range: MinuteRange & { signal: Signal }): AsyncIterable<StoredMessage>;
  /** Drops what is older; returns the number of rows dropped. They stay counted as `retired`. */
  retain(olderThanMs: number): Promise<number>;
}

/** A message as the write store remembers it. `broken` records are not there. */
export interface StoredMessage {
  applied: AppliedMessage;
  receivedMs: number;
  records: TelemetryRecord[];
}
