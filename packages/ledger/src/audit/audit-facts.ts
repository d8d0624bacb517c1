import type { MessageId } from '@spillway/broker';
import type { AppliedMessage, KeptNotedMessage, RowCount } from '../facts.ts';
import type { Bucket, WaitingSpill } from '../report.ts';
import type { SinkSpec } from '../sinks.ts';

/** A message, or a part of one, that was found somewhere. */
export interface Observation extends Bucket {
  id: MessageId;
  records: number;
  foreign?: boolean;
}

/** A noted message that lies in a spill and was seen nowhere else. */
export interface SpilledObservation extends Observation {
  spill: string;
}

/** What one store is known to have of some messages. */
export interface SinkFacts {
  sink: SinkSpec;
  applied: readonly AppliedMessage[];
  /** In the log and not committed by the sink's group; those it applied already may be among them. */
  waiting: readonly Observation[];
  /** Dead letters of the group that were not resubmitted; `id` is that of the message cut. */
  deadLetters: readonly Observation[];
  /** Noted messages that retention removed from the log before the group read them. */
  expired: readonly Observation[];
  /** Noted messages of a queue that cannot be read and whose turn has not passed. */
  undecided: readonly Observation[];
}

/** All that is known of some messages, each of them whole. */
export interface MessageFacts {
  noted: readonly Omit<KeptNotedMessage, 'notedMinute'>[];
  spilled: readonly SpilledObservation[];
  /** What is known in every store that is accounted for. */
  sinks: readonly SinkFacts[];
}

/** What is known of a range of minutes, and not of single messages. */
export interface RangeFacts {
  /** Rows of each store, by name of its sink. */
  rows: ReadonlyMap<string, readonly RowCount[]>;
  refused: readonly (Bucket & { records: number })[];
  /** Those known, with who noted them last. */
  spills: readonly Pick<WaitingSpill, 'spill' | 'lastGateway' | 'atMs' | 'isSilent'>[];
}
