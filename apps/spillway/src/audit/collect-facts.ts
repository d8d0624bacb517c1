import {
  messageName,
  type PartitionLag,
  partitionName,
  resubmitGateway,
  topicOf,
} from '@spillway/broker';
import type {
  AppliedMessage,
  KeptNotedMessage,
  MessageFacts,
  MessageRange,
  Observation,
  SinkFacts,
  SinkSpec,
  SpilledObservation,
} from '@spillway/ledger';
import type { Account, AuditSources } from './audit-sources.ts';
import { expiredDeadLetters, type RemovedDeadLetters } from './expired-dead-letters.ts';
import type { ExpiredMessages } from './expired-messages.ts';
import type { DeadLetterOwner, LogSlice } from './log-slice.ts';
import type { LogSurvey } from './log-survey.ts';
import { isInMinutes } from './range.ts';
import type { SentBack } from './sent-back.ts';
import { idOf, type Passed } from './unread-queues.ts';

/** What an audit knows beside the messages of the range. */
export interface Known {
  survey: Pick<LogSurvey, 'census' | 'lags' | 'spillIndex'>;
  slice: LogSlice;
  /** What each sink has passed in all ranges so far, by its name; the latest range comes first. */
  passed: ReadonlyMap<string, Passed>;
  sentBack: SentBack;
  expired: ExpiredMessages;
  /** What retention removed of the dead letters, of all ranges so far. */
  removed: RemovedDeadLetters;
  /** Most messages of which everything may be known at once, in all places together. */
  rowsMax: number;
}

/** The part of `AuditSources` from which the facts of a window are collected. */
export interface FactsSources {
  broker: Pick<AuditSources['broker'], 'capabilities'>;
  notes: Pick<AuditSources['notes'], 'notedMessages'>;
  accounts: readonly Account[];
}

/**
 * Collects all that is known of the messages of a range; undefined where that is more than
 * `rowsMax`.
 */
export async function factsOf(
  sources: FactsSources,
  known: Known,
  range: MessageRange,
): Promise<MessageFacts | undefined> {
  const { broker, notes, accounts } = sources;
  const { canReplay = false } = broker.capabilities;
  const { slice, passed, sentBack } = known;
  const room = new RowRoom(known.rowsMax);
  // Whether a queue that cannot be read has been passed shows in the messages of every tenant.
  const wide = canReplay ? range : { ...range, tenant: undefined };
  const kept = await notes.notedMessages({ ...range, limit: room.limit });
  const unread = room.take(slice.noted.in(range));
  if (!room.has(kept) || !unread) return undefined;
  const noted = withUnread(kept, unread);
  const sides: Side[] = [];
  for (const { sink, side } of accounts) {
    const all = await side.appliedMessages({ ...wide, limit: room.limit });
    if (!room.has(all)) return undefined;
    passed.get(sink.name)?.see(all);
    sentBack.see(sink, all);
    sentBack.see(sink, slice.sentBack(sink.group).in({ ...range, part: undefined }));
    const waiting = room.take(slice.waiting(sink.group).in(range));
    const kept = room.take(keptDeadLetters(sink, known, range));
    if (!waiting || !kept) return undefined;
    const applied = all.filter((message) => isInMinutes(range, message));
    const deadLetters = kept.filter((each) => !isSentBack(sink, known, each)).map(observationOf);
    const seen = namesOf([...applied, ...waiting, ...deadLetters]);
    sides.push({ sink, applied, waiting, kept, deadLetters, seen });
  }
  const seen = new Set(sides.flatMap((side) => [...side.seen]));
  const spilled = spilledOf(noted, { known, seen });
  const elsewhere = { spilled: namesOf(spilled), canReplay, known };
  return { noted, spilled, sinks: sides.map((side) => sinkFacts(side, noted, elsewhere)) };
}

/** Counts what was found against what may be known at once. */
class RowRoom {
  #left: number;

  constructor(rowsMax: number) {
    this.#left = rowsMax;
  }

  /** One more than there is room for, so that it shows. */
  get limit(): number {
    return Math.max(0, this.#left) + 1;
  }

  has(found: readonly unknown[]): boolean {
    this.#left -= found.length;
    return this.#left >= 0;
  }

  /** Undefined where they are too many. */
  take<T>(found: Iterable<T>): T[] | undefined {
    const taken: T[] = [];
    for (const each of found) {
      if (--this.#left < 0) return undefined;
      taken.push(each);
    }
    return taken;
  }
}

interface Side {
  sink: SinkSpec;
  applied: AppliedMessage[];
  waiting: Observation[];
  /** Dead letters that are there, also those that were sent back. */
  kept: KeptDeadLetter[];
  deadLetters: Observation[];
  /** Names of all messages that were seen here. */
  seen: ReadonlySet<string>;
}

type KeptDeadLetter = Observation & DeadLetterOwner & { position: number };

/** The dead letters of a sink that are there; of several with one identity the first. */
function* keptDeadLetters(
  sink: SinkSpec,
  { slice, survey }: Known,
  range: MessageRange,
): Generator<KeptDeadLetter> {
  for (const { position = 0, ...deadLetter } of slice.deadLetters.in(range)) {
    if (deadLetter.group !== sink.group) continue;
    if (!survey.census.isRepeated({ ...deadLetter.place, position })) {
      yield { ...deadLetter, position };
    }
  }
}

/** One that was sent back and is not marked yet is where it was sent. */
function isSentBack(
  sink: SinkSpec,
  { survey, sentBack }: Known,
  deadLetter: KeptDeadLetter,
): boolean {
  const { place, position } = deadLetter;
  if (survey.census.isResubmitted({ ...place, position })) return true;
  return sentBack.has(sink, resubmittedName(deadLetter));
}

function observationOf({ id, tenant, signal, minute, records }: Observation): Observation {
  return { id, tenant, signal, minute, records };
}

/** What a dead letter is called when it is sent back: by its own place. */
function resubmittedName(deadLetter: {
  signal: keyof typeof topicOf;
  position: number;
  sourcePartition: number;
}): string {
  const { signal, position: sequence, sourcePartition: partition } = deadLetter;
  const topic = topicOf[signal];
  return messageName({ gateway: resubmitGateway, epoch: 0, topic, partition, sequence });
}

interface Elsewhere {
  spilled: ReadonlySet<string>;
  canReplay: boolean;
  known: Known;
}

function sinkFacts(
  { sink, applied, waiting, kept, deadLetters, seen }: Side,
  noted: readonly KeptNotedMessage[],
  { spilled, canReplay, known }: Elsewhere,
): SinkFacts {
  const unseen = noted.filter((message) => {
    const name = messageName(message);
    return !seen.has(name) && !spilled.has(name);
  });
  const ofGroup = known.survey.lags.get(sink.group) ?? [];
  const lags = new Map(ofGroup.map((lag) => [partitionName(lag), lag]));
  const lagOf = (message: KeptNotedMessage): PartitionLag | undefined =>
    lags.get(partitionName(message));
  const passed = known.passed.get(sink.name);
  const { removed } = known;
  const sentBack = known.sentBack.gone(sink);
  const isUndecided = (message: KeptNotedMessage) =>
    !canReplay && !passed?.has(message, lagOf(message));
  return {
    sink,
    applied,
    waiting,
    deadLetters,
    expired: [...Map.groupBy(unseen, partitionName)]
      .flatMap(([name, own]) => known.expired.take(own, lags.get(name)))
      .map(sightingOf)
      .concat(expiredDeadLetters({ applied, deadLetters: kept, lags, removed, sentBack })),
    undecided: unseen.filter(isUndecided).map(sightingOf),
  };
}

/** One with a position was drained, whatever its spill was last noted to hold. */
function spilledOf(
  noted: readonly KeptNotedMessage[],
  { known, seen }: { known: Known; seen: ReadonlySet<string> },
): SpilledObservation[] {
  const { spillIndex } = known.survey;
  return noted.flatMap((message) => {
    if (message.position !== undefined || seen.has(messageName(message))) return [];
    const spill = spillIndex.spillOf(message);
    return spill === undefined ? [] : [{ ...sightingOf(message), spill }];
  });
}

/** What the notes say that the writer has not read yet is the later knowledge. */
function withUnread(
  kept: readonly KeptNotedMessage[],
  unread: readonly (Observation & { position?: number | undefined })[],
): KeptNotedMessage[] {
  if (unread.length === 0) return [...kept];
  const byName = new Map(kept.map((message) => [messageName(message), message]));
  for (const { id, tenant, signal, minute, records, ...later } of unread) {
    const name = messageName(id);
    const position = later.position ?? byName.get(name)?.position;
    const of = { tenant, signal, minute, records };
    byName.set(name, { ...id, ...of, position, notedMinute: minute });
  }
  return [...byName.values()];
}

function sightingOf(message: KeptNotedMessage): Observation {
  const { tenant, signal, minute, records } = message;
  return { id: idOf(message), tenant, signal, minute, records };
}

function namesOf(sightings: readonly Pick<Observation, 'id'>[]): Set<string> {
  return new Set(sightings.map(({ id }) => messageName(id)));
}
