import type { MessageId } from '@spillway/broker';
import type { Signal } from '@spillway/otlp';
import type { SinkSpec } from './sinks.ts';

/** All in records. */
export interface LedgerCounts {
  accepted: number;
  /** Rows of the write store. */
  stored: number;
  /** Documents of the search store. */
  searchable: number;
  /** `duplicates` to `expired` are the write side's terms; those of the others: `bySink`. */
  duplicates: number;
  waiting: number;
  spilled: number;
  deadLettered: number;
  expired: number;
  /** Records of the minutes that are `open`: what cannot be read now, and may wait or be lost. */
  undecided: number;
  /** Refused with an answer to the client; outside the sum. */
  refused: number;
  /** Accepted records that no gateway of Spillway wrote. */
  foreign: number;
  /** Over all stores; a surplus counts like a loss, so that they cannot cancel out. */
  unaccounted: number;
}

/**
 * Counts of one sink: accepted = stored + duplicates + waiting + spilled + deadLettered + expired +
 * undecided + difference.
 */
export interface SinkCounts {
  accepted: number;
  stored: number;
  duplicates: number;
  waiting: number;
  spilled: number;
  deadLettered: number;
  expired: number;
  undecided: number;
  difference: number;
  /** At least the size of the difference; more where a surplus hides a loss in it. */
  unaccounted: number;
}

/** The minute of acceptance, tenant and signal that an account is kept for. */
export interface Bucket {
  tenant: string;
  signal: Signal;
  /** Minute of acceptance: minutes since the epoch. */
  minute: number;
}

/** A bucket of a sink that does not add up: positive is lost, negative is too much. */
export interface Difference extends Bucket, SinkCounts {
  /** Name of the sink. */
  sink: string;
}

/** A message that was made durable and is nowhere. */
export interface Hole extends Bucket, MessageId {
  /** Name of the sink. */
  sink: string;
  records: number;
}

/** Rows that the sink's own account remembers and that are not there (negative: too many). */
export interface MissingRows extends Bucket {
  /** Name of the sink. */
  sink: string;
  rows: number;
}

/** A minute that a sink has not passed yet, or whose numbers moved while they were read. */
export interface OpenMinute extends Bucket {
  /** Name of the sink. */
  sink: string;
  /** Read, and not yet committed by the sink's group. */
  waiting: number;
  /** In a queue that cannot be read, or lost: known once the group has passed them. */
  undecided: number;
}

/** A spill that holds accepted messages. */
export interface WaitingSpill {
  spill: string;
  /** Who noted it last, and when. */
  lastGateway: string;
  atMs: number;
  /** Messages that the report is about. */
  messages: number;
  records: number;
  /** It was not noted for long: its volume must be brought back. */
  isSilent: boolean;
}

/** Notes of a gateway that never came: what they named is known only where it was seen. */
export interface MissingNotes {
  gateway: string;
  epoch: number;
  /** Inclusive. */
  from: number;
  to: number;
  /** The last minute that the next note names. */
  minute: number;
}

/** The counts of one tenant, signal and minute of acceptance. */
export interface MinuteCounts extends Bucket, LedgerCounts {}

/** A store that was set aside, and that may hold what the log does not any more. */
export interface KeptAside {
  path: string;
  /** Why it is kept. */
  reason: string;
}

/** The account of a range of time. */
export interface LedgerReport {
  totals: LedgerCounts;
  bySignal: Record<string, LedgerCounts>;
  byTenant: Record<string, LedgerCounts>;
  /** The stores that are accounted for, in the order of their columns. */
  sinks: Pick<SinkSpec, 'name' | 'title'>[];
  /** Counts of each sink, by its name. */
  bySink: Record<string, SinkCounts>;
  /** Those with a difference first, then the latest. */
  minutes: MinuteCounts[];
  open: OpenMinute[];
  differences: Difference[];
  holes: Hole[];
  missingRows: MissingRows[];
  missingNotes: MissingNotes[];
  spills: WaitingSpill[];
  keptAside: KeptAside[];
  /** Notes in a queue that cannot be read: what they name counts from when they are read. */
  unreadNotes: number;
  /** Entries beyond what a list may hold, by its name; the sums have them all. */
  leftOff: Record<string, number>;
}
