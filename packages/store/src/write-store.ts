import type { Position } from '@spillway/broker';
import type {
  Abortable,
  AppliedMessage,
  KeptNotedMessage,
  KeptNotes,
  LedgerNote,
  LedgerSide,
  MessageRange,
  MinuteRange,
  NotedSpill,
} from '@spillway/ledger';
import type { Signal, TelemetryRecord } from '@spillway/otlp';
import type { Sink } from './sink.ts';

/**
 * The command side: normalised rows, and the applied messages in the same transaction.
 * Idempotent: a message applied again changes nothing; a record whose key is there is `duplicate`.
 */
export interface WriteStore extends Sink, LedgerSide {
  /**
   * Notes are kept once each; a redelivered note changes nothing, a second note of a message adds
   * its position. `next` is where the reader of the notes goes on: kept with them, and returned by
   * `nextPositions`.
   */
  applyNotes(notes: readonly LedgerNote[], next?: Position): Promise<void>;
  notedMessages(range: MessageRange): Promise<KeptNotedMessage[]>;
  /** How many messages were noted per minute, in order of minute: what a reader plans its reads by. */
  notedCounts(range: MinuteRange): Promise<{ minute: number; messages: number }[]>;
  keptNotes(asked?: Abortable): Promise<KeptNotes[]>;
  /** Reads every spill that was noted, as it was noted with its highest revision. */
  notedSpills(asked?: Abortable): Promise<NotedSpill[]>;
  refusedCounts(
    range: MinuteRange,
  ): Promise<{ tenant: string; signal: Signal; minute: number; records: number }[]>;
  /**
   * Names what is applied at this moment, for `readBack`: what an `apply` under way applies counts
   * to it only when that resolved before. The same on every process that shares the store.
   */
  appliedMark(): Promise<string>;
  /**
   * Reads the records back, exactly as they were applied (same keys), grouped as the message they
   * came in, in order of minute: what a rebuild of a read store is fed with. With marks, exactly the
   * messages applied behind `after` and up to `upTo`, each once, also while writers go on; without
   * `upTo`, what is applied meanwhile may or may not come.
   */
  readBack(range: MinuteRange & { signal: Signal } & AppliedRange): AsyncIterable<StoredMessage>;
  /** Drops what is older; returns the number of rows dropped. They stay counted as `retired`. */
  retain(olderThanMs: number): Promise<number>;
}

/** Ranges by marks of `appliedMark`. */
export interface AppliedRange {
  after?: string | undefined;
  upTo?: string | undefined;
}

/** A message as the write store remembers it. `broken` records are not there. */
export interface StoredMessage {
  applied: AppliedMessage;
  receivedMs: number;
  records: TelemetryRecord[];
}
