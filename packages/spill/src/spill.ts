import type { TopicPartition } from '@spillway/broker';
import { type Entry, entryHeaderBytes, type Journal, JournalError } from '@spillway/journal';
import type { DurableValues } from './disk/durable-values.ts';
import { decodeEntry, encodeEntries } from './disk/entry.ts';
import type { SpillNotes } from './disk/notes.ts';
import type { Settings } from './options.ts';
import { refuse, type SpillOutcome, spillOutcome } from './outcome.ts';
import type { Identity, Item } from './queue/index-chunk.ts';
import { rangesOf, type SpilledRange } from './queue/inventory.ts';
import { dropLost } from './queue/losses.ts';
import type { Progress } from './queue/progress.ts';
import type { Queue } from './queue/queue.ts';
import type { Queues } from './queue/queues.ts';
import type { PartitionBacklog, SpilledMessage, SpillStats } from './types.ts';

interface Opened {
  settings: Settings;
  id: string;
  opens: number;
  journal: Journal;
  queues: Queues;
  progress: Progress;
  notes: SpillNotes;
  values: DurableValues;
  close: () => Promise<void>;
}

/** Room for a revision per change or second of one owner. */
const revisionsPerOpen = 2 ** 32;

/** What the broker does not take now, in order per partition, durable until it does. */
export class Spill {
  /** Id of the folder, kept in it, whoever owns it. */
  readonly id: string;
  readonly notes: SpillNotes;
  readonly #opened: Opened;
  readonly #journal: Journal;
  readonly #queues: Queues;
  readonly #counts = { appended: 0, done: 0, lost: 0 };
  readonly #refused = { full: 0, 'disk-full': 0, busy: 0, closed: 0, io: 0 };
  #noted: { revision: number; waiting: SpilledRange[] } | undefined;
  #revision: number;
  #closing: Promise<void> | undefined;

  /** Use `openSpill`. */
  constructor(opened: Opened) {
    this.#opened = opened;
    this.id = opened.id;
    this.notes = opened.notes;
    this.#journal = opened.journal;
    this.#queues = opened.queues;
    this.#revision = opened.opens * revisionsPerOpen;
  }

  /**
   * All durable after one fsync that appends at the same time share, or none. The order of calls is
   * the order kept. Throws a TypeError for a message that is not stamped. The messages must not
   * change until the outcome.
   */
  async append(messages: readonly SpilledMessage[]): Promise<SpillOutcome> {
    if (messages.length === 0) return { status: 'durable' };
    const { indexBytesMax, dir } = this.#opened.settings;
    if (this.#queues.indexBytes >= indexBytesMax) {
      const message = `what is known of the messages in ${dir} has reached ${indexBytesMax} bytes of memory`;
      return this.#refuse(refuse('full', message));
    }
    const identities = messages.map((message) => this.#queues.identify(message));
    const queues = messages.map((message) => this.#queues.of(message));
    const ordinals = queues.map((queue) => queue.takeOrdinal());
    const payloads = encodeEntries(messages, ordinals);
    const outcome = await this.#journal.appendBatch(payloads);
    if (outcome.status !== 'durable') return this.#refuse(spillOutcome(outcome));
    let { sequence, offset } = outcome;
    for (const [i, queue] of queues.entries()) {
      const payloadBytes = bytesOf(payloads[i] as Uint8Array[]);
      const place = { sequence, offset, payloadBytes, ordinal: ordinals[i] as number };
      queue.push({ ...(identities[i] as Identity), ...place });
      sequence += 1;
      offset += entryHeaderBytes + payloadBytes;
    }
    this.#counts.appended += messages.length;
    this.#noted = undefined;
    return { status: 'durable' };
  }

  /** Partitions that have something waiting, handed out or not. */
  backlog(): PartitionBacklog[] {
    const backlog: PartitionBacklog[] = [];
    for (const { oldest, partition, messages, bytes } of this.#queues.all()) {
      if (oldest === undefined) continue;
      backlog.push({ ...partition, messages, bytes, oldestMs: oldest.receivedMs });
    }
    return backlog;
  }

  /**
   * The oldest waiting messages of a partition, in order, up to about `bytesMax` (one that is larger
   * comes alone), without those handed out since the last `release`. [] when there is none, or
   * when `release` was called meanwhile. Rejects when the disk cannot be read (nothing is handed
   * out then), or the spill is closed. Values are views of what was read.
   */
  async next(partition: TopicPartition, bytesMax: number): Promise<SpilledMessage[]> {
    const queue = this.#queues.get(partition);
    if (queue === undefined) return [];
    const { releases } = queue;
    for (;;) {
      if (this.#closing !== undefined) throw closedError(this.#opened.settings.dir);
      const items = queue.take(bytesMax);
      if (items.length === 0) return [];
      const entries = await this.#read(queue, items);
      if (queue.releases !== releases) return [];
      const messages = this.#messages(queue, items, entries);
      if (messages.length > 0) return messages;
    }
  }

  /** Bytes of memory for what `next` would read. */
  nextBytes(partition: TopicPartition, bytesMax: number): number {
    return this.#queues.get(partition)?.peek(bytesMax) ?? 0;
  }

  /**
   * They are on the broker. After a crash right after, they may be handed out again (same id: a
   * duplicate). Resolves when that is saved, or could not be; never rejects.
   */
  async done(messages: readonly SpilledMessage[]): Promise<void> {
    const touched = new Set<Queue>();
    for (const message of messages) {
      const queue = this.#queues.of(message);
      const { origin, messageSequence } = this.#queues.identify(message);
      const item = queue.find(origin, messageSequence);
      if (item === undefined) continue;
      queue.remove(item);
      this.#counts.done += 1;
      touched.add(queue);
    }
    this.#noted = undefined;
    if (touched.size > 0) await this.#opened.progress.save(touched);
  }

  /** What was handed out and is not done will be handed out again, from the oldest. */
  release(partition: TopicPartition): void {
    this.#queues.get(partition)?.release();
  }

  /** Which messages wait here, whoever accepted them; the revision grows with every change. */
  inventory(): { revision: number; waiting: SpilledRange[] } {
    if (this.#noted === undefined) {
      // The clock helps only where a full disk kept the count of opens from being saved.
      const bySecond = this.#opened.opens * revisionsPerOpen + this.#second();
      this.#revision = Math.max(this.#revision + 1, bySecond);
      this.#noted = { revision: this.#revision, waiting: this.#ranges() };
    }
    return this.#noted;
  }

  /** Names are of a-z, 0-9 and '-'. Undefined when there is none, or a corrupt one (reported). */
  readValue(name: string): Promise<Uint8Array | undefined> {
    return this.#opened.values.read(name);
  }

  /** Replaced so that a crash leaves the old or the new one; durable when resolved. */
  writeValue(name: string, value: Uint8Array): Promise<void> {
    return this.#opened.values.write(name, value);
  }

  stats(): SpillStats {
    const sum = { messages: 0, bytes: 0, oldestMs: undefined as number | undefined };
    for (const { messages, bytes, oldestMs } of this.backlog()) {
      sum.messages += messages;
      sum.bytes += bytes;
      sum.oldestMs = Math.min(sum.oldestMs ?? oldestMs, oldestMs);
    }
    return {
      ...sum,
      ...this.#counts,
      diskBytes: this.#journal.bytes,
      bytesMax: this.#opened.settings.bytesMax,
      refused: { ...this.#refused },
      syncs: this.#journal.stats().syncs,
      notes: this.notes.count,
      notesBytes: this.notes.bytes,
    };
  }

  /** Writes what is pending, then gives the folder up. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#opened.close();
    return this.#closing;
  }

  /** For the opener: the journal found that entries are gone. */
  dropLost(): void {
    const { report } = this.#opened.settings;
    const events = dropLost(this.#queues.all(), ({ sequence }) => this.#journal.isLost(sequence));
    this.#noted = undefined;
    for (const event of events) {
      this.#counts.lost += event.messages;
      report(event);
    }
  }

  #refuse(outcome: SpillOutcome): SpillOutcome {
    if (outcome.status === 'refused') this.#refused[outcome.code] += 1;
    return outcome;
  }

  async #read(queue: Queue, items: readonly Item[]): Promise<(Entry | undefined)[]> {
    try {
      return await this.#journal.readPlaces(items);
    } catch (error) {
      queue.rewind(items[0]?.ordinal ?? 0);
      throw error;
    }
  }

  #messages(
    queue: Queue,
    items: readonly Item[],
    entries: readonly (Entry | undefined)[],
  ): SpilledMessage[] {
    // Not waiting any more: done meanwhile (handed out before a release), or found to be lost.
    return entries.flatMap((entry, i) => {
      const waiting = queue.isWaiting((items[i] as Item).ordinal);
      return entry && waiting ? [decodeEntry(entry.payload).message] : [];
    });
  }

  #ranges(): SpilledRange[] {
    return [...this.#queues.all()].flatMap((queue) => rangesOf(queue.partition, queue.waiting()));
  }

  #second(): number {
    return Math.floor(this.#opened.settings.clock() / 1000) % revisionsPerOpen;
  }
}

function bytesOf(parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, part) => sum + part.length, 0);
}

function closedError(dir: string): JournalError {
  return new JournalError('closed', `The spill ${dir} is closed`);
}
