import { type DeliveredMessage, readEnvelope, signalOf } from '@spillway/broker';
import { type DeadLetter, readDeadLetter } from '@spillway/dead-letters';
import { minuteOf, type NotedSpill, NoteRuns, type Observation, parseNote } from '@spillway/ledger';
import { countRecords, OtlpError, type Signal } from '@spillway/otlp';
import type { LogSlice } from './log-slice.ts';
import { LogSource, type SourceOptions } from './log-source.ts';

/** Gaps in what is not read yet; nothing is known where there are more. */
const runsMax = 20_000;

/** Notes that the writer has not read. */
export class UnreadNotes extends LogSource {
  readonly runs = new NoteRuns();
  /** What was noted last of each spill, by its name. */
  readonly spills = new Map<string, NotedSpill>();

  protected override look(message: DeliveredMessage): void {
    const note = parseNote(message);
    if (!note) return;
    const { gateway, epoch, spill, messages, refused } = note;
    this.runs.add(note);
    if (this.runs.runs.length > runsMax) {
      throw new Error(`more than ${runsMax} gaps in the notes that the writer has to read`);
    }
    if (spill) keepLatest(this.spills, { ...spill, gateway, epoch });
    for (const each of [...messages, ...refused]) this.see(message.position, each);
  }

  protected override add(message: DeliveredMessage, slice: LogSlice): void {
    const note = parseNote(message);
    if (note) slice.addNote(note);
  }
}

/** Keeps of each spill what its highest revision says. */
export function keepLatest(byName: Map<string, NotedSpill>, spill: NotedSpill): void {
  const known = byName.get(spill.spill);
  const isLater =
    !known ||
    spill.revision > known.revision ||
    (spill.revision === known.revision && spill.atMs >= known.atMs);
  if (isLater) byName.set(spill.spill, spill);
}

/** Messages that a group has not committed. */
export class WaitingMessages extends LogSource {
  readonly #group: string;

  constructor(group: string, options: SourceOptions) {
    super(options);
    this.#group = group;
  }

  protected override look(message: DeliveredMessage): void {
    const { tenant, receivedMs } = readEnvelope(message);
    this.see(message.position, { tenant, minute: minuteOf(receivedMs) });
  }

  protected override add(message: DeliveredMessage, slice: LogSlice): void {
    const waiting = waitingOf(message, this.#group);
    if (waiting) slice.addWaiting(this.#group, waiting);
  }
}

/** Undefined for one that is another group's. */
function waitingOf(message: DeliveredMessage, group: string): Observation | undefined {
  const signal = signalOf(message.topic);
  const { id, tenant, receivedMs, foreign, onlyGroup, ...envelope } = readEnvelope(message);
  if (!signal || (onlyGroup !== undefined && onlyGroup !== group)) return undefined;
  const records = envelope.records ?? recordsIn(signal, message);
  return { id, tenant, signal, minute: minuteOf(receivedMs), records, foreign };
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

/** Surveyed while they are counted. */
export class DeadLetterTopic extends LogSource {
  protected override look(message: DeliveredMessage): void {
    const deadLetter = readDeadLetter(message);
    if (deadLetter) this.lookAt(deadLetter, message.position);
  }

  lookAt({ tenant, receivedMs }: DeadLetter, position: number): void {
    this.see(position, { tenant, minute: minuteOf(receivedMs) });
  }

  protected override add(message: DeliveredMessage, slice: LogSlice): void {
    const deadLetter = readDeadLetter(message);
    if (deadLetter) slice.addDeadLetter(deadLetter, message);
  }
}
