import {
  type Broker,
  type DeliveredMessage,
  ledgerTopic,
  type Subscription,
} from '@spillway/broker';
import type { LedgerNote } from '@spillway/ledger';
import { parseNote } from '@spillway/ledger';
import { messageOf, sleep } from '@spillway/resilience';
import type { Component, Health } from '@spillway/runtime';
import type { WriteStore } from '@spillway/store';

export interface NoteConsumerOptions {
  broker: Broker;
  store: WriteStore;
  pollWaitMs: number;
  retryMs: number;
}

/** The consumer group that reads the gateways' notes. */
export const noteGroup = 'ledger';
const batchBytesMax = 1_048_576;

/** Keeps the gateways' notes of what they made durable, so that the audit has its first term. */
export class NoteConsumer implements Component {
  readonly name = `${noteGroup} consumer`;
  readonly #options: NoteConsumerOptions;
  readonly #abort = new AbortController();
  #subscription: Subscription | undefined;
  #running: Promise<void> | undefined;
  #trouble: string | undefined;
  #unreadable = 0;

  constructor(options: NoteConsumerOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    const { broker } = this.#options;
    const topics = [ledgerTopic];
    await this.#rewindToStore();
    this.#subscription = await broker.subscribe({ group: noteGroup, topics });
    this.#running = this.#run(this.#subscription);
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#running;
    await this.#subscription?.close();
  }

  health(): Health {
    if (this.#trouble) return { ok: false, detail: this.#trouble };
    const unreadable = this.#unreadable ? `, ${this.#unreadable} unreadable notes skipped` : '';
    return { ok: true, detail: `keeping the gateways' notes${unreadable}` };
  }

  /** A store that was set aside and began again has none of the notes that were committed. */
  async #rewindToStore(): Promise<void> {
    const { broker, store } = this.#options;
    const { nextPositions } = store.capabilities;
    if (!nextPositions || !broker.capabilities.canReplay) return;
    const notes = { topic: ledgerTopic, partition: 0 };
    const [next] = await nextPositions([notes]);
    const [lag] = await broker.lag(noteGroup);
    const position = next?.position ?? 0;
    if (!lag || position >= (lag.committed ?? 0)) return;
    await broker.replay(noteGroup, ledgerTopic, { positions: [{ ...notes, position }] });
  }

  async #run(subscription: Subscription): Promise<void> {
    const { signal } = this.#abort;
    const { pollWaitMs: waitMs, retryMs } = this.#options;
    let waiting: DeliveredMessage[] = [];
    while (!signal.aborted) {
      try {
        if (!waiting.length) {
          waiting = await subscription.poll({ bytesMax: batchBytesMax, waitMs, abort: signal });
        }
        const last = waiting.at(-1);
        if (!last) continue;
        const notes = waiting.flatMap((message) => this.#parse(message));
        const { topic, partition, position } = last;
        await this.#options.store.applyNotes(notes, { topic, partition, position: position + 1 });
        await subscription.commit([last]);
        waiting = [];
        this.#trouble = undefined;
      } catch (error) {
        this.#trouble = messageOf(error);
        await sleep(retryMs, signal);
      }
    }
  }

  #parse(message: DeliveredMessage): LedgerNote[] {
    const note = parseNote(message);
    if (!note) this.#unreadable++;
    return note ? [note] : [];
  }
}
