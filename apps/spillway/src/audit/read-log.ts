import {
  type DeliveredMessage,
  deadLetterTopicOf,
  type ExpiredKept,
  ledgerTopic,
  type PartitionLag,
  partitionName,
  readEnvelope,
  signalOf,
} from '@spillway/broker';
import { type DeadLetter, deadLettersListedMax } from '@spillway/dead-letters';
import {
  type LedgerNote,
  minuteOf,
  type NotedSpill,
  ObservationTable,
  parseNote,
} from '@spillway/ledger';
import { countRecords, OtlpError, type Signal } from '@spillway/otlp';
import { tooMuchAsked } from '@spillway/store';
import type { AuditSources } from './audit-sources.ts';

/** Some 300 MB at a time for two groups; more cannot be named one by one. */
const waitingDefaultMax = 5_000_000;
/** Decoded between two turns of the event loop. */
const readBytesMax = 256 * 1024;
const unreadNotesMax = 20_000;

/** What the broker and the spills say, of all minutes. */
export interface Log {
  unreadNotes: LedgerNote[];
  /** Messages of the notes' queue, where it cannot be read. */
  notesInQueue: number;
  waiting: ReadonlyMap<string, ObservationTable>;
  /** Those that were not resubmitted, and those that were. */
  deadLetters: DeadLetter[];
  resubmitted: DeadLetter[];
  /** What retention removed of their topics, by partition. */
  expiredKept: ReadonlyMap<string, ExpiredKept>;
  lags: ReadonlyMap<string, PartitionLag[]>;
  spills: NotedSpill[];
}

export interface ReadLogOptions {
  ending?: AbortSignal | undefined;
  waitingMax?: number | undefined;
}

/** As much of it as is read here. */
export type ReadLogSources = Pick<
  AuditSources,
  'broker' | 'deadLetters' | 'noteGroup' | 'liveSpills'
> & {
  notes: Pick<AuditSources['notes'], 'notedSpills'>;
  accounts: readonly Pick<AuditSources['accounts'][number], 'sink'>[];
};

/** In the order in which a message moves, so that one that moves meanwhile is seen, maybe twice. */
export async function readLog(sources: ReadLogSources, options: ReadLogOptions = {}): Promise<Log> {
  const { ending } = options;
  const { broker, deadLetters, noteGroup, notes, accounts, liveSpills } = sources;
  const [notesLag] = await broker.lag(noteGroup);
  const unreadNotes = broker.capabilities.canReplay
    ? await readNotes(broker, notesLag, ending)
    : [];
  const told = unreadNotes.flatMap(({ spill, gateway, epoch }) =>
    spill ? [{ ...spill, gateway, epoch }] : [],
  );
  const kept = await notes.notedSpills({ ending });
  const spills = latest([...kept, ...told, ...liveSpills()]);
  const waiting = new Map<string, ObservationTable>();
  const lags = new Map<string, PartitionLag[]>();
  for (const group of accounts.map(({ sink }) => sink.group)) {
    const ofGroup = await broker.lag(group);
    if (ofGroup.length > 0 && ofGroup.every(({ messages }) => messages === null)) {
      throw new Error(`${broker.name} does not report what waits for the group ${group}`);
    }
    lags.set(group, ofGroup);
    waiting.set(group, await readWaiting(broker, { group, lags: ofGroup, ...options }));
  }
  const dead = await readDeadLetters(deadLetters, ending);
  const expiredKept = await readExpired(broker, lags);
  const notesInQueue = broker.capabilities.canReplay ? 0 : (notesLag?.messages ?? 0);
  return { unreadNotes, notesInQueue, waiting, ...dead, expiredKept, lags, spills };
}

/** Read after the dead letters: what was there is removed later. */
async function readExpired(
  { capabilities: { expiredKept } }: AuditSources['broker'],
  lags: Log['lags'],
): Promise<Log['expiredKept']> {
  const found = new Map<string, ExpiredKept>();
  for (const { topic, partition } of [...lags.values()].flat()) {
    const signal = signalOf(topic);
    if (!signal || !expiredKept) continue;
    const at = { topic: deadLetterTopicOf[signal], partition };
    found.set(partitionName(at), await expiredKept(at));
  }
  return found;
}

async function readDeadLetters(
  deadLetters: AuditSources['deadLetters'],
  ending: AbortSignal | undefined,
): Promise<Pick<Log, 'deadLetters' | 'resubmitted'>> {
  const all = await deadLetters.list({ all: true }, ending);
  for (const [signal, { length }] of Map.groupBy(all, ({ signal }) => signal)) {
    if (length < deadLettersListedMax) continue;
    throw new Error(`there are more than ${deadLettersListedMax} dead letters of ${signal}`);
  }
  const [unsent = [], sent = []] = [false, true].map((is) =>
    all.filter(({ resubmitted }) => resubmitted === is),
  );
  return { deadLetters: unsent, resubmitted: sent };
}

async function readWaiting(
  broker: AuditSources['broker'],
  order: ReadLogOptions & { group: string; lags: readonly PartitionLag[] },
): Promise<ObservationTable> {
  const { group, lags, ending, waitingMax = waitingDefaultMax } = order;
  const found = new ObservationTable();
  if (!broker.capabilities.canReplay) return found;
  for (const { topic, partition, committed, end } of lags) {
    const signal = signalOf(topic);
    if (!signal) continue;
    if (committed === null || end === null) {
      throw new Error(`${broker.name} does not report what waits in ${topic}/${partition}`);
    }
    if (committed >= end) continue;
    const from = { topic, partition, position: committed };
    for await (const message of broker.read(from, readOptions(ending))) {
      const { id, tenant, receivedMs, foreign, onlyGroup, ...envelope } = readEnvelope(message);
      if (onlyGroup !== undefined && onlyGroup !== group) continue;
      const records = envelope.records ?? recordsIn(signal, message);
      const minute = minuteOf(receivedMs);
      if (found.length >= waitingMax) {
        throw tooMuchAsked(`more than ${waitingMax} messages wait for the group ${group}`);
      }
      found.push({ id, tenant, signal, minute, records, foreign });
    }
  }
  return found;
}

function readOptions(ending: AbortSignal | undefined) {
  return { bytesMax: readBytesMax, ...(ending && { abort: ending }) };
}

/** What the consumer will make of a foreign message: malformed as a whole is one dead letter. */
function recordsIn(signal: Signal, { value, fault }: DeliveredMessage): number {
  if (fault !== undefined) return 1;
  try {
    return countRecords(signal, value);
  } catch (error) {
    if (error instanceof OtlpError) return 1;
    throw error;
  }
}

async function readNotes(
  broker: AuditSources['broker'],
  lag: PartitionLag | undefined,
  ending: AbortSignal | undefined,
): Promise<LedgerNote[]> {
  if (lag && lag.messages === 0) return [];
  const notes: LedgerNote[] = [];
  const from = { topic: ledgerTopic, partition: 0, position: lag?.committed ?? 0 };
  for await (const message of broker.read(from, readOptions(ending))) {
    const note = parseNote(message);
    if (note) notes.push(note);
    if (notes.length > unreadNotesMax) {
      throw new Error(`the writer has more than ${unreadNotesMax} notes of gateways to read`);
    }
  }
  return notes;
}

/** Keeps of each spill what its highest revision says. */
function latest(spills: readonly NotedSpill[]): NotedSpill[] {
  const byName = new Map<string, NotedSpill>();
  for (const spill of spills) {
    const known = byName.get(spill.spill);
    const isLater =
      !known ||
      spill.revision > known.revision ||
      (spill.revision === known.revision && spill.atMs >= known.atMs);
    if (isLater) byName.set(spill.spill, spill);
  }
  return [...byName.values()];
}
