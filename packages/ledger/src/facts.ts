/**
 * The ledger's facts, as the stores keep them. A minute is `floor(receivedMs / 60000)`: the minute
 * of acceptance. All counts are records, never messages.
 */
import type { MessageId } from '@spillway/broker';
import type { Signal } from '@spillway/otlp';

/** A question that ends: the work for it ends at the signal, and the answer is its reason. */
export interface Abortable {
  ending?: AbortSignal | undefined;
}

/** Minutes of acceptance, since the epoch, optionally of one tenant. */
export interface MinuteRange extends Abortable {
  /** Inclusive. */
  fromMinute: number;
  /** Exclusive. */
  toMinute: number;
  tenant?: string | undefined;
}

/** Those messages whose sequence leaves `index` when it is divided by `of`. */
export interface MessagePart {
  index: number;
  of: number;
}

/** Messages of a range, or a part of them, so that no number of them must be known at once. */
export interface MessageRange extends MinuteRange {
  part?: MessagePart | undefined;
  /** The answer has no more of them: whoever gets so many asks for smaller parts. */
  limit?: number | undefined;
}

/** Whether a message of this sequence belongs to the part; every one does where it is undefined. */
export function isInPart(sequence: number, part: MessagePart | undefined): boolean {
  return part === undefined || sequence % part.of === part.index;
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
  /** Records that were once stored and were removed by the store's own retention. */
  retired: number;
}

/** Every store that has an account of its own implements this. */
export interface LedgerSide {
  /** In the order in which they were (first) applied. */
  appliedMessages(range: MessageRange): Promise<AppliedMessage[]>;
  rowCounts(range: MinuteRange): Promise<RowCount[]>;
}

/** A gateway's note: these messages of mine are durable. Published to `ledgerTopic` as JSON. */
export interface LedgerNote {
  gateway: string;
  epoch: number;
  /** From 1 per gateway and epoch, without gaps: a missing note is a hole, too. */
  note: number;
  messages: NotedMessage[];
  /** Refused by `partial_success` or by a limit; outside the sum, for the operator. */
  refused: { tenant: string; signal: Signal; minute: number; records: number }[];
  /**
   * In every note, while something waits there or what waits has changed since it was last noted.
   */
  spill?: SpillNote | undefined;
}

/**
 * Noted when it is durable in a spill, `position` undefined, and again when it was drained; of both
 * the store keeps the later knowledge.
 */
export interface NotedMessage {
  /**
   * For a message that a former owner of the spill accepted: its gateway and epoch; those of the
   * note where undefined.
   */
  gateway?: string | undefined;
  epoch?: number | undefined;
  topic: string;
  partition: number;
  sequence: number;
  /** Undefined where the broker does not know, and while the message lies in a spill. */
  position: number | undefined;
  tenant: string;
  signal: Signal;
  minute: number;
  records: number;
}

/**
 * What lies in a spill folder, as seen when the note was made: after its messages were spilled. The
 * highest revision of a spill counts; one that is never noted again stays as it was last noted.
 */
export interface SpillNote {
  /** Id of the folder, whoever owns it. */
  spill: string;
  /** Grows with every change of what waits, from owner to owner. */
  revision: number;
  /** When it was noted, ms since the epoch. */
  atMs: number;
  waiting: SpilledRange[];
}

/** Messages of one gateway that wait for one partition; both sequences are inclusive. */
export interface SpilledRange {
  gateway: string;
  epoch: number;
  topic: string;
  partition: number;
  from: number;
  to: number;
}

/** A noted message as the store keeps it. */
export interface KeptNotedMessage extends NotedMessage {
  gateway: string;
  epoch: number;
  /** Minute in which the store noted it last: by then it was where the note says. */
  notedMinute: number;
}

/** A spill as it was last noted, and who noted it. */
export interface NotedSpill extends SpillNote {
  gateway: string;
  epoch: number;
}

/** The notes of one gateway and epoch that are kept. */
export interface KeptNotes {
  gateway: string;
  epoch: number;
  /** Highest number, and the last minute that it names. */
  last: number;
  lastMinute: number;
  missing: NoteGap[];
}

/** Numbers of notes that never came, both inclusive. */
export interface NoteGap {
  from: number;
  to: number;
  /** The last minute that the note behind the gap names. */
  minute: number;
}
