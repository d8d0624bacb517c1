import {
  type ExpiredKept,
  ledgerTopic,
  type PartitionLag,
  partitionName,
  signalOf,
  type TopicPartition,
} from '@spillway/broker';
import { Census } from '@spillway/dead-letters';
import { type MessageRange, type NotedSpill, type NoteRun, SpillIndex } from '@spillway/ledger';
import type { AuditSources } from './audit-sources.ts';
import type { LedgerRoom } from './ledger-room.ts';
import { LogSlice } from './log-slice.ts';
import type { LogSource } from './log-source.ts';
import { DeadLetterTopic, keepLatest, UnreadNotes, WaitingMessages } from './log-sources.ts';

/** The part of the sources that a survey reads. */
export type LogSurveySources = Pick<AuditSources, 'broker' | 'noteGroup' | 'liveSpills'> & {
  notes: Pick<AuditSources['notes'], 'notedSpills'>;
  accounts: readonly Pick<AuditSources['accounts'][number], 'sink'>[];
};

export interface SurveyOptions {
  /** What an audit may ask of it: the latest minute is as far ahead as any clock may have been. */
  wanted: MessageRange;
  room: Pick<LedgerRoom, 'censusBytes' | 'sliceBytes'>;
}

/**
 * What the broker and the spills say. All of it is read once, to learn what lies where; what does
 * not fit into memory is read again, a range at a time.
 */
export class LogSurvey {
  readonly #options: SurveyOptions;
  readonly #groups: readonly string[];
  readonly #sources: readonly LogSource[];
  /** Everything, where it fits. */
  readonly #whole: LogSlice | undefined;
  readonly census: Pick<Census, 'isRepeated' | 'isResubmitted'>;
  /** What retention removed of the dead letters, by partition of their topics. */
  readonly expiredKept: ReadonlyMap<string, ExpiredKept>;
  readonly lags: ReadonlyMap<string, readonly PartitionLag[]>;
  readonly spills: readonly NotedSpill[];
  readonly spillIndex: SpillIndex;
  readonly noteRuns: readonly NoteRun[];
  /** Messages of the notes' queue, where it cannot be read. */
  readonly notesInQueue: number;

  private constructor(options: SurveyOptions, known: Known) {
    this.#options = options;
    this.#groups = [...known.lags.keys()];
    this.#sources = known.sources;
    this.#whole = known.whole.isFull ? undefined : known.whole;
    this.census = known.census;
    this.expiredKept = known.expiredKept;
    this.lags = known.lags;
    this.spills = known.spills;
    this.spillIndex = new SpillIndex(known.spills);
    this.noteRuns = known.noteRuns;
    this.notesInQueue = known.notesInQueue;
  }

  /** In the order in which a message moves, so that one that moves meanwhile is seen, maybe twice. */
  static async take(sources: LogSurveySources, options: SurveyOptions): Promise<LogSurvey> {
    const { broker, noteGroup, notes, accounts, liveSpills } = sources;
    const { wanted, room } = options;
    const { canReplay = false } = broker.capabilities;
    const groups = accounts.map(({ sink }) => sink.group);
    const whole = new LogSlice(wanted, groups, room.sliceBytes);
    const [notesLag] = await broker.lag(noteGroup);
    const position = notesLag?.committed ?? 0;
    const from = { topic: ledgerTopic, partition: 0, position };
    const unread = new UnreadNotes({ broker, from, wanted });
    if (canReplay && notesLag?.messages !== 0) await unread.survey(whole);
    const kept = await notes.notedSpills({ ending: wanted.ending });
    const spills = new Map<string, NotedSpill>();
    for (const spill of [...kept, ...unread.spills.values(), ...liveSpills()])
      keepLatest(spills, spill);
    const lags = new Map<string, PartitionLag[]>();
    const waiting: LogSource[] = [];
    for (const group of groups) {
      const ofGroup = await lagOf(broker, group);
      lags.set(group, ofGroup);
      if (!canReplay) continue;
      for (const source of waitingFor(group, ofGroup, { broker, wanted })) {
        await source.survey(whole);
        waiting.push(source);
      }
    }
    const { census, topics } = await takeCensus(broker, { ...options, whole });
    const expiredKept = await readExpired(broker, census.places);
    return new LogSurvey(options, {
      whole,
      census,
      expiredKept,
      sources: [unread, ...waiting, ...topics],
      lags,
      spills: [...spills.values()],
      noteRuns: unread.runs.runs,
      notesInQueue: canReplay ? 0 : (notesLag?.messages ?? 0),
    });
  }

  /** The last minute that the log has anything of. */
  get lastMinute(): number {
    return this.#sources.reduce((last, source) => Math.max(last, source.lastMinute), 0);
  }

  /** What the log says of the range; undefined where that is more than fits. */
  async slice(range: MessageRange): Promise<LogSlice | undefined> {
    if (this.#whole) return this.#whole;
    const slice = new LogSlice(range, this.#groups, this.#options.room.sliceBytes);
    if (this.#rowsIn(range) > slice.rowsMax) return undefined;
    for (const source of this.#sources) {
      await source.fill(slice);
      if (slice.isFull) return undefined;
    }
    return slice;
  }

  /** Estimated. */
  #rowsIn(range: MessageRange): number {
    const rows = this.#sources.reduce((sum, source) => sum + source.rowsIn(range), 0);
    return rows / (range.part?.of ?? 1);
  }
}

interface Known {
  whole: LogSlice;
  sources: readonly LogSource[];
  census: Census;
  expiredKept: ReadonlyMap<string, ExpiredKept>;
  lags: ReadonlyMap<string, readonly PartitionLag[]>;
  spills: readonly NotedSpill[];
  noteRuns: readonly NoteRun[];
  notesInQueue: number;
}

async function lagOf(broker: LogSurveySources['broker'], group: string): Promise<PartitionLag[]> {
  const lags = await broker.lag(group);
  if (lags.length > 0 && lags.every(({ messages }) => messages === null)) {
    throw new Error(`${broker.name} does not report what waits for the group ${group}`);
  }
  return lags;
}

function waitingFor(
  group: string,
  lags: readonly PartitionLag[],
  { broker, wanted }: Pick<LogSurveySources, 'broker'> & Pick<SurveyOptions, 'wanted'>,
): WaitingMessages[] {
  return lags.flatMap(({ topic, partition, committed, end }) => {
    if (!signalOf(topic)) return [];
    if (committed === null || end === null) {
      throw new Error(`${broker.name} does not report what waits in ${topic}/${partition}`);
    }
    if (committed >= end) return [];
    const from = { topic, partition, position: committed };
    return [new WaitingMessages(group, { broker, from, wanted })];
  });
}

async function takeCensus(
  broker: LogSurveySources['broker'],
  { wanted, room, whole }: SurveyOptions & { whole: LogSlice },
): Promise<{ census: Census; topics: DeadLetterTopic[] }> {
  const topics = new Map<string, DeadLetterTopic>();
  const census = await Census.take(broker, {
    bytesMax: room.censusBytes,
    ending: wanted.ending,
    onDeadLetter: (deadLetter, { topic, partition, position }) => {
      const name = partitionName({ topic, partition });
      const from = { topic, partition, position: 0 };
      const source = topics.get(name) ?? new DeadLetterTopic({ broker, from, wanted });
      topics.set(name, source);
      source.lookAt(deadLetter, position);
      if (!whole.isFull) whole.addDeadLetter(deadLetter, { topic, partition, position });
    },
  });
  return { census, topics: [...topics.values()] };
}

/** Read after the dead letters: what was there is removed later. */
async function readExpired(
  { capabilities: { expiredKept } }: LogSurveySources['broker'],
  places: readonly TopicPartition[],
): Promise<Map<string, ExpiredKept>> {
  const found = new Map<string, ExpiredKept>();
  if (!expiredKept) return found;
  for (const place of places) found.set(partitionName(place), await expiredKept(place));
  return found;
}
