import { type Broker, ledgerTopic, type OutgoingMessage } from '@spillway/broker';
import { encodeNote, type LedgerNote, type NotedMessage, type SpillNote } from '@spillway/ledger';
import type { Signal } from '@spillway/otlp';
import { abortAfter, messageOf, sleep, waitAtMost } from '@spillway/resilience';
import type { Spill } from '@spillway/spill';
import type { NotePublisherStats } from '../../model/stats.ts';
import { noteMessagesMax, PendingNotes } from './pending-notes.ts';

export type NotePublisherEvent = { type: 'note-failed'; note: number; reason: string };

export interface NotePublisherOptions {
  broker: Broker;
  gateway: string;
  epoch: number;
  intervalMs: number;
  publishTimeoutMs: number;
  /** Keeps notes that the broker does not take, and reports what waits there. */
  spill?: Spill | undefined;
  /** Milliseconds since 1970. */
  wallMs: () => number;
  report?: ((event: NotePublisherEvent) => void) | undefined;
}

/** About 20 MB. Beyond it, work that would have to be noted is refused: the account stays whole. */
const pendingMessagesMax = 100_000;
/** With a spill, so much does not wait for a broker that is slow to answer. */
const relievedMessagesMax = 50_000;
/** At a stop, between one try and the next. */
const retryMs = 100;
/** At the end of a stop, for the spill to take what the broker did not. */
const keepMs = 1000;

/**
 * Notes in the ledger which messages of this gateway are durable, so that a lost message is a hole
 * and a lost tail is one, too. A note that fails is published again under its number, unchanged:
 * should both arrive, they say the same. With a spill, notes that the broker does not take are kept
 * there, across processes. What was durable but not yet noted at a crash is in the log, or in the
 * spill.
 */
export class NotePublisher {
  readonly #options: NotePublisherOptions;
  readonly #pending: PendingNotes;
  #unsent: LedgerNote | undefined;
  /** Has its number, and could not be kept: the next to be sent. */
  #unkept: LedgerNote | undefined;
  #published = 0;
  #failed = 0;
  #kept = 0;
  /** The revision of the spill that was noted last, and noted as empty. */
  #notedEmpty: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  #flushing: Promise<boolean> | undefined;
  #relieving = false;

  constructor(options: NotePublisherOptions) {
    this.#options = options;
    this.#pending = new PendingNotes(options);
  }

  /** No more can be noted until the broker takes notes again. */
  get full(): boolean {
    return this.#pending.messages >= pendingMessagesMax;
  }

  start(): void {
    this.#timer = setInterval(() => void this.flush(), this.#options.intervalMs).unref();
  }

  /** Publishes or keeps what is pending; false when neither was possible before the signal. */
  async stop(abort: AbortSignal): Promise<boolean> {
    clearInterval(this.#timer);
    // One under way has not seen the last of the spill.
    await waitAtMost(this.#flushing, { abort });
    while (!abort.aborted) {
      // A publish that never answers must not hold the stop.
      if (await waitAtMost(this.flush(), { abort })) return true;
      if (this.#options.spill && this.#isIdle) return true;
      await sleep(retryMs, abort);
    }
    // The drain may have left no time for the broker.
    await waitAtMost(this.#keepAll(), { ms: keepMs });
    return this.#isIdle;
  }

  durable(message: NotedMessage): void {
    this.#pending.durable(message);
    if (this.#pending.messages < relievedMessagesMax || this.#relieving || this.#unkept) return;
    void this.#relieve();
  }

  refused(tenant: string, signal: Signal, minute: number, records: number): void {
    this.#pending.refused({ tenant, signal, minute, records });
  }

  /** Never rejects. True when nothing is pending any more. */
  flush(): Promise<boolean> {
    this.#flushing ??= this.#flushAll().finally(() => {
      this.#flushing = undefined;
    });
    return this.#flushing;
  }

  stats(): NotePublisherStats {
    const numbered = [this.#unsent, this.#unkept].map((note) => note?.messages.length ?? 0);
    const pendingMessages = numbered.reduce(
      (sum, messages) => sum + messages,
      this.#pending.messages,
    );
    const counts = { published: this.#published, failed: this.#failed };
    return { ...counts, kept: this.#kept, pendingMessages };
  }

  get #isIdle(): boolean {
    return !this.#unsent && !this.#unkept && this.#pending.isEmpty;
  }

  async #flushAll(): Promise<boolean> {
    let spill = this.#spillNote();
    for (;;) {
      this.#unsent ??= this.#unkept;
      if (this.#unsent === this.#unkept) this.#unkept = undefined;
      if (!this.#unsent) {
        this.#unsent = this.#pending.next(spill);
        spill = undefined;
      }
      if (!this.#unsent) break;
      const note = this.#unsent;
      // Behind those that are kept: what comes after them would hide that the broker is away.
      const isNext = !this.#options.spill?.notes.count;
      if (
        !(isNext && (await this.#publish(encodeNote(note), note.note))) &&
        !(await this.#keep(note))
      ) {
        // What was not noted is noted the next time.
        if (spill) this.#notedEmpty = undefined;
        return false;
      }
      this.#unsent = undefined;
    }
    return this.#publishKept();
  }

  /** What waits in the spill, while something does, and once when nothing does any more. */
  #spillNote(): SpillNote | undefined {
    const { spill, wallMs } = this.#options;
    if (!spill) return undefined;
    const { revision, waiting } = spill.inventory();
    if (waiting.length === 0 && this.#notedEmpty === revision) return undefined;
    this.#notedEmpty = waiting.length === 0 ? revision : undefined;
    return { spill: spill.id, revision, atMs: wallMs(), waiting };
  }

  /** The broker does not answer, and meanwhile much has become durable. */
  async #relieve(): Promise<void> {
    if (!this.#options.spill) return;
    this.#relieving = true;
    while (this.#pending.messages >= noteMessagesMax) {
      const note = this.#pending.next() as LedgerNote;
      if (await this.#keep(note)) continue;
      // Its number must not be missing; another may be on its way.
      this.#unkept = note;
      break;
    }
    this.#relieving = false;
  }

  /** One on its way to the broker, too: should both arrive, they say the same. */
  async #keepAll(): Promise<void> {
    if (!this.#options.spill || this.#isIdle) return;
    let note = this.#unsent ?? this.#unkept ?? this.#pending.next(this.#spillNote());
    while (note) {
      this.#unkept = note === this.#unsent ? this.#unkept : note;
      if (!(await this.#keep(note))) return;
      if (note === this.#unsent) this.#unsent = undefined;
      if (note === this.#unkept) this.#unkept = undefined;
      note = this.#unkept ?? this.#pending.next();
    }
  }

  async #keep(note: LedgerNote): Promise<boolean> {
    const outcome = await this.#options.spill?.notes.append(encodeNote(note));
    if (outcome?.status === 'durable') this.#kept += 1;
    return outcome?.status === 'durable';
  }

  async #publishKept(): Promise<boolean> {
    const { spill, report } = this.#options;
    let number = this.#pending.numbered;
    try {
      while (spill && spill.notes.count > 0) {
        const kept = await spill.notes.next();
        if (!kept) break;
        number = (JSON.parse(Buffer.from(kept).toString()) as LedgerNote).note;
        if (!(await this.#publish(kept, number))) return false;
        await spill.notes.done();
      }
      return true;
    } catch (error) {
      // A disk that is full or fails; it may come again, and says the same.
      report?.({ type: 'note-failed', note: number, reason: messageOf(error) });
      return false;
    }
  }

  async #publish(value: Uint8Array, note: number): Promise<boolean> {
    const { gateway, report } = this.#options;
    const place = { topic: ledgerTopic, partition: 0 };
    const reason = await this.#failure({ ...place, key: gateway, value: [value], headers: {} });
    if (reason === undefined) this.#published += 1;
    else {
      this.#failed += 1;
      report?.({ type: 'note-failed', note, reason });
    }
    return reason === undefined;
  }

  /** Why it failed; undefined when it is durable. */
  async #failure(message: OutgoingMessage): Promise<string | undefined> {
    const { broker, publishTimeoutMs } = this.#options;
    try {
      const [outcome] = await abortAfter(publishTimeoutMs, (abort) =>
        broker.publish([message], abort),
      );
      return outcome?.status === 'durable' ? undefined : (outcome?.message ?? 'no outcome');
    } catch (error) {
      return messageOf(error);
    }
  }
}
