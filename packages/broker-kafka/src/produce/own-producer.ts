import {
  type OutgoingMessage,
  type PublishOutcome,
  partitionName,
  type RefusalCode,
} from '@spillway/broker';
import { sleep } from '@spillway/resilience';
import { type OwnProducerOptions, type SenderOptions, senderOptionsOf } from './options.ts';
import { Batch, bytesAlone, cutItems, type Item } from './partition/batch.ts';
import type { BatchOutcome } from './partition/producer-batch.ts';
import type { ProducePort } from './port.ts';
import { Sender } from './sender.ts';
import { sizeOfRecord } from './wire/record-batch.ts';

/** What was sent before an abort is waited for this long. */
const abortGraceMs = 1_000;
const stopPollMs = 10;

/**
 * An idempotent producer on the connections of @platformatic/kafka: record batches are built around
 * the caller's buffers, sequences are its own, and a retry is the same bytes again.
 */
export class OwnProducer implements ProducePort {
  readonly #options: SenderOptions;
  #sender: Sender | undefined;
  #opened = false;
  #bytes = 0;
  #stopping: Promise<void> | undefined;

  constructor(options: OwnProducerOptions) {
    this.#options = senderOptionsOf(options);
  }

  async start(): Promise<void> {
    this.#sender = new Sender(this.#options);
    try {
      await this.#sender.open();
      this.#opened = true;
    } catch (error) {
      await this.#sender.close(notRunning());
      throw error;
    }
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  health(): { ok: boolean; detail: string } {
    const sender = this.#running();
    if (sender === undefined) return { ok: false, detail: 'not running' };
    const { trouble } = sender;
    return { ok: trouble === undefined, detail: trouble ?? 'producing' };
  }

  publish(messages: readonly OutgoingMessage[], abort?: AbortSignal): Promise<PublishOutcome[]> {
    const sender = this.#running();
    if (sender === undefined) {
      return Promise.resolve(messages.map(() => outcomeOf(notRunning())));
    }
    if (abort?.aborted) {
      return Promise.resolve(messages.map(() => refuse('unavailable', 'Aborted')));
    }
    return new Promise((resolve) => {
      const outcomes = new Array<PublishOutcome>(messages.length);
      const items = this.#admit(messages, outcomes);
      let left = items.length;
      if (left === 0) return resolve(outcomes);
      const hurry = () => sender.hurry(batches, abortGraceMs);
      const onSettled = (batch: Batch, outcome: BatchOutcome): void => {
        this.#note(batch, outcome, outcomes);
        left -= batch.count;
        if (left > 0) return;
        abort?.removeEventListener('abort', hurry);
        resolve(outcomes);
      };
      const batches = this.#batches(items, onSettled);
      abort?.addEventListener('abort', hurry, { once: true });
      sender.send(batches);
    });
  }

  #running(): Sender | undefined {
    return this.#opened && this.#stopping === undefined ? this.#sender : undefined;
  }

  /** Refusals go into `outcomes` at once. */
  #admit(messages: readonly OutgoingMessage[], outcomes: PublishOutcome[]): Item[] {
    const { messageBytesMax, bufferBytesMax } = this.#options;
    const items: Item[] = [];
    let full = false;
    for (const [index, message] of messages.entries()) {
      const size = sizeOfRecord(message);
      const bytes = bytesAlone(size);
      // Nothing follows what did not fit: that would change the order.
      full ||= this.#bytes > 0 && this.#bytes + bytes > bufferBytesMax;
      if (bytes > messageBytesMax) {
        const text = `${bytes} bytes; at most ${messageBytesMax} are taken`;
        outcomes[index] = refuse('too-large', text);
      } else if (full) {
        const text = `${bufferBytesMax} bytes wait for Kafka already`;
        outcomes[index] = refuse('unavailable', text);
      } else {
        this.#bytes += bytes;
        items.push({ index, message, size });
      }
    }
    return items;
  }

  #batches(
    items: readonly Item[],
    onSettled: (batch: Batch, outcome: BatchOutcome) => void,
  ): Batch[] {
    const { clock, nowMs, deliveryTimeoutMs, messageBytesMax } = this.#options;
    const timestampMs = clock();
    const deadlineMs = nowMs() + deliveryTimeoutMs;
    const groups = Map.groupBy(items, ({ message }) => partitionName(message));
    const batches: Batch[] = [];
    for (const group of groups.values()) {
      for (const part of cutItems(group, messageBytesMax)) {
        const place = (part[0] as Item).message;
        batches.push(new Batch({ place, items: part, timestampMs, deadlineMs, onSettled }));
      }
    }
    return batches;
  }

  #note({ items, place }: Batch, outcome: BatchOutcome, outcomes: PublishOutcome[]): void {
    for (const [offset, { index, size }] of items.entries()) {
      this.#bytes -= bytesAlone(size);
      outcomes[index] = outcomeOf(outcome, offset);
    }
    if (outcome.status !== 'unknown') return;
    const { topic, partition } = place;
    const { message } = outcome;
    const messages = items.length;
    this.#options.report({ type: 'unresolved', topic, partition, messages, message });
  }

  /** What was handed over has until its deadline. */
  async #stop(): Promise<void> {
    const sender = this.#sender;
    if (sender === undefined) return;
    const { nowMs, deliveryTimeoutMs } = this.#options;
    const endMs = nowMs() + deliveryTimeoutMs;
    while (!sender.idle && nowMs() < endMs) {
      await sleep(stopPollMs);
    }
    await sender.close(notRunning());
  }
}

function notRunning(): BatchOutcome & { status: 'refused' } {
  return {
    status: 'refused',
    code: 'not-running',
    retryable: true,
    message: 'The producer is not running',
  };
}

function refuse(code: RefusalCode, message: string): PublishOutcome {
  return { status: 'refused', code, retryable: code !== 'too-large', message };
}

function outcomeOf(outcome: BatchOutcome, offset = 0): PublishOutcome {
  if (outcome.status !== 'durable') return outcome;
  const { baseOffset } = outcome;
  const known = baseOffset !== undefined && baseOffset >= 0;
  return { status: 'durable', position: known ? baseOffset + offset : undefined };
}
