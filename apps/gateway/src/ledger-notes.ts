import { type Broker, ledgerTopic } from '@spillway/broker';
import type { Signal } from '@spillway/otlp';
import type { LedgerNote, NotedMessage } from '@spillway/store';

export type LedgerNotesEvent = { type: 'note-failed'; note: number; reason: string };

export interface LedgerNotesOptions {
  broker: Broker;
  gateway: string;
  epoch: number;
  intervalMs: number;
  report?: ((event: LedgerNotesEvent) => void) | undefined;
}

/** About 150 bytes each, so a note stays below 400 KB, whatever the broker's largest message. */
const noteMessagesMax = 2500;
/** About 20 MB. Beyond it, work that would have to be noted is refused: the account stays whole. */
const pendingMessagesMax = 100_000;
/** At a stop, between one try and the next. */
const retryMs = 100;

/**
 * Tells the ledger which messages of this gateway are durable, so that a lost message is a hole and
 * a lost tail is one, too. A note that fails is published again under its number, unchanged: should
 * both arrive, they say the same. What was durable but not yet noted at a crash is in the log.
 */
export class LedgerNotes {
  readonly #options: LedgerNotesOptions;
  #messages: NotedMessage[] = [];
  readonly #refused = new Map<string, LedgerNote['refused'][number]>();
  #unsent: LedgerNote | undefined;
  #numbered = 0;
  #published = 0;
  #failed = 0;
  #timer: NodeJS.Timeout | undefined;
  #flushing: Promise<boolean> | undefined;

  constructor(options: LedgerNotesOptions) {
    this.#options = options;
  }

  /** No more can be noted until the broker takes notes again. */
  get full(): boolean {
    return this.#messages.length >= pendingMessagesMax;
  }

  start(): void {
    this.#timer = setInterval(() => void this.flush(), this.#options.intervalMs).unref();
  }

  /** Publishes what is pending; false when the broker did not take it before the signal. */
  async stop(signal: AbortSignal): Promise<boolean> {
    clearInterval(this.#timer);
    while (!signal.aborted) {
      // A publish that never answers must not hold the stop.
      if (await Promise.race([this.flush(), pause(signal)])) return true;
      await pause(signal, retryMs);
    }
    return !this.#unsent && this.#messages.length === 0 && this.#refused.size === 0;
  }

  durable(message: NotedMessage): void {
    this.#messages.push(message);
  }

  refused(tenant: string, signal: Signal, minute: number, records: number): void {
    const key = `${tenant}\n${signal}\n${minute}`;
    const entry = this.#refused.get(key);
    if (entry) entry.records += records;
    else this.#refused.set(key, { tenant, signal, minute, records });
  }

  /** Never rejects. True when nothing is pending any more. */
  flush(): Promise<boolean> {
    this.#flushing ??= this.#flushAll().finally(() => {
      this.#flushing = undefined;
    });
    return this.#flushing;
  }

  stats(): { published: number; failed: number; pendingMessages: number } {
    const pendingMessages = this.#messages.length + (this.#unsent?.messages.length ?? 0);
    return { published: this.#published, failed: this.#failed, pendingMessages };
  }

  async #flushAll(): Promise<boolean> {
    for (;;) {
      this.#unsent ??= this.#nextNote();
      if (!this.#unsent) return true;
      const failure = await this.#publish(this.#unsent);
      if (failure !== undefined) {
        this.#failed += 1;
        this.#options.report?.({
          type: 'note-failed',
          note: this.#unsent.note,
          reason: failure,
        });
        return false;
      }
      this.#published += 1;
      this.#unsent = undefined;
    }
  }

  #nextNote(): LedgerNote | undefined {
    if (this.#messages.length === 0 && this.#refused.size === 0) return undefined;
    const messages = this.#messages.splice(0, noteMessagesMax);
    const refused = [...this.#refused.values()];
    this.#refused.clear();
    this.#numbered += 1;
    const { gateway, epoch } = this.#options;
    return { gateway, epoch, note: this.#numbered, messages, refused };
  }

  /** Why it failed; undefined when it is durable. */
  async #publish(note: LedgerNote): Promise<string | undefined> {
    const message = {
      topic: ledgerTopic,
      partition: 0,
      key: this.#options.gateway,
      value: [Buffer.from(JSON.stringify(note))],
      headers: {},
    };
    try {
      const [outcome] = await this.#options.broker.publish([message]);
      if (outcome?.status === 'durable') return undefined;
      return outcome?.message ?? 'no outcome';
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }
}

/** Resolves with false at the signal, or after `ms` when given. */
function pause(signal: AbortSignal, ms?: number): Promise<false> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve(false);
    };
    const timer = ms === undefined ? undefined : setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });
}
