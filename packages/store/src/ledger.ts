/**
 * The ledger's facts, as the stores keep them. A minute is `floor(receivedMs / 60000)`: the minute
 * of acceptance. All counts are records, never messages.
 */
import type { MessageId } from '@spillway/broker';
import type { Signal } from '@spillway/otlp';

export interface MinuteRange {
  /** Inclusive. */
  fromMinute: number;
  /** Exclusive. */
  toMinute: number;
  tenant?: string | undefined;
}

/** A message that a sink has applied; applied again, its counts are replaced, not added. */
export interface AppliedMessage {
  id: MessageId;
  tenant: string;
  signal: Signal;
  minute: number;
  position: number;
  records: number;
  stored: number;
  duplicates: number;
  deadLettered: number;
  foreign: boolean;
}

/** Rows or documents that are in the store now, counted by looking, not by remembering. */
export interface RowCount {
  tenant: string;
  signal: Signal;
  minute: number;
  rows: number;
  /** Of those once stored, removed by the store's own retention. */
  retired: number;
}

/** Every store that has an account of its own implements this. */
export interface LedgerSide {
  /** In the order in which they were (first) applied. */
  appliedMessages(range: MinuteRange): Promise<AppliedMessage[]>;
  rowCounts(range: MinuteRange): Promise<RowCount[]>;
}

/** A gateway's note: these messages of mine are durable. Published to `ledgerTopic` as JSON. */
export interface LedgerNote {
  gateway: string;
  epoch: number;
  /** From 1 per gateway and epoch: a missing note is a hole, too. */
  note: number;
  messages: NotedMessage[];
  /** Refused by `partial_success` or by a limit; outside the sum, for the operator. */
  refused: { tenant: string; signal: Signal; minute: number; records: number }[];
}

export interface NotedMessage {
  topic: string;
  partition: number;
  sequence: number;
  /** Undefined where the broker does not tell. */
  position: number | undefined;
  tenant: string;
  signal: Signal;
  minute: number;
  records: number;
}
