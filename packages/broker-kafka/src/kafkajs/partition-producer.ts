import type { OutgoingMessage, PublishOutcome } from '@spillway/broker';
import { messageOf, unlessAborted } from '@spillway/resilience';

/** What was sent before an abort is waited for this long. */
export const abortGraceMs = 1_000;

/** Outcome of a batch: the position of its first message where it is durable. */
export type Sent = PublishOutcome;

export interface PartitionProducerOptions {
  batchBytesMax: number;
  isKnown: () => Promise<boolean>;
  /** `hurry`: nothing waits for it any longer. */
  send: (batch: readonly OutgoingMessage[], hurry: AbortSignal) => Promise<Sent>;
}

interface Waiting {
  message: OutgoingMessage;
  bytes: number;
  settle: (outcome: PublishOutcome) => void;
}

/** One partition: one batch under way at a time, so that the order is that of the calls. */
export class PartitionProducer {
  readonly #options: PartitionProducerOptions;
  #waiting: Waiting[] = [];
  #running: Promise<void> | undefined;
  #flying: readonly OutgoingMessage[] = [];
  #hurry = new AbortController();

  constructor(options: PartitionProducerOptions) {
    this.#options = options;
  }

  send(message: OutgoingMessage, bytes: number): Promise<PublishOutcome> {
    return new Promise((settle) => {
      this.#waiting.push({ message, bytes, settle });
      this.#running ??= this.#run().finally(() => {
        this.#running = undefined;
      });
    });
  }

  /** What waits is refused now; what is under way is soon. */
  abandon(message: OutgoingMessage): void {
    if (this.#flying.includes(message))
      this.#hurry.abort(new Error('Aborted while it was under way'));
    const own = this.#waiting.filter((one) => one.message === message);
    this.#waiting = this.#waiting.filter((one) => one.message !== message);
    const text = 'Aborted before it was sent';
    for (const { settle } of own) {
      settle({ status: 'refused', code: 'unavailable', retryable: true, message: text });
    }
  }

  async flushed(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    await Promise.resolve(); // What the same call brings goes into the same batch.
    while (this.#waiting.length > 0) {
      const batch = this.#next();
      const outcome = await this.#send(batch.map(({ message }) => message));
      if (isTooLarge(outcome) && batch.length > 1) {
        for (const one of batch) one.settle(await this.#send([one.message]));
        continue;
      }
      for (const [index, { settle }] of batch.entries()) settle(outcomeAt(outcome, index));
    }
  }

  async #send(batch: readonly OutgoingMessage[]): Promise<Sent> {
    this.#flying = batch;
    this.#hurry = new AbortController();
    const { signal } = this.#hurry;
    try {
      if (await unlessAborted(this.#options.isKnown(), signal, { graceMs: abortGraceMs })) {
        return await this.#options.send(batch, signal);
      }
      const message = 'No such topic, or no such partition of it';
      return { status: 'refused', code: 'unknown-topic', retryable: false, message };
    } catch (error) {
      // Nothing was sent: it was not known whether the topic is there.
      return { status: 'refused', code: 'unavailable', retryable: true, message: messageOf(error) };
    } finally {
      this.#flying = [];
    }
  }

  #next(): Waiting[] {
    let bytes = 0;
    let count = 0;
    for (const one of this.#waiting) {
      bytes += one.bytes;
      if (count > 0 && bytes > this.#options.batchBytesMax) break;
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }
}

function isTooLarge(outcome: Sent): boolean {
  return outcome.status === 'refused' && outcome.code === 'too-large';
}

function outcomeAt(outcome: Sent, index: number): PublishOutcome {
  if (outcome.status !== 'durable' || outcome.position === undefined) return outcome;
  return { status: 'durable', position: outcome.position + index };
}
