import type { OutgoingMessage, TopicPartition } from '@spillway/broker';
import type { SpillRefusal } from './outcome.ts';

/** Stamped: `readEnvelope` of `@spillway/broker` reads gateway, epoch and sequence back. */
export interface SpilledMessage extends OutgoingMessage {}

/** What waits in the spill for one partition. */
export interface PartitionBacklog extends TopicPartition {
  messages: number;
  /** On the disk, with keys and headers. */
  bytes: number;
  /** When the gateway received the oldest, ms since the epoch. */
  oldestMs: number;
}

/** Counts of what waits in the spill. */
export interface SpillStats {
  /** Waiting, handed out or not. */
  messages: number;
  bytes: number;
  /**
   * Bytes of the segments, with what is done but not deleted yet: what counts against `bytesMax`.
   */
  diskBytes: number;
  bytesMax: number;
  oldestMs: number | undefined;
  /** Since it was opened. */
  appended: number;
  done: number;
  lost: number;
  refused: Record<SpillRefusal, number>;
  syncs: number;
  notes: number;
  notesBytes: number;
}
