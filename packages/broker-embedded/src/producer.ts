import type { OutgoingMessage, PublishOutcome, RefusalCode } from '@spillway/broker';
import type { AppendOutcome, AppendRefusal } from '@spillway/journal';
import type { Log, Logs } from './log/logs.ts';
import { encodeMessage } from './log/message.ts';

export interface ProducerOptions {
  logs: Logs;
  logBytesMax: number;
  messageBytesMax: number;
  /** Milliseconds since 1970. */
  clock: () => number;
  /** There are new messages of the topic. */
  onDurable: (topic: string) => void;
  /** The log is full: removing what every group has committed may help. */
  onFull: () => void;
}

interface Batch {
  log: Log;
  bytes: number;
  payloads: Uint8Array[][];
  /** Indexes of the messages in the publish. */
  indexes: number[];
}

/**
 * A full disk is believed so long after an append that met it: when room was made and no client
 * sends, no append would say so.
 */
const diskFullMs = 10_000;
/** Appended as one, durable or refused together. */
const batchBytesMax = 16 * 1024 * 1024;

export class Producer {
  readonly #options: ProducerOptions;
  #trouble: { message: string; passesAtMs: number } | undefined;

  constructor(options: ProducerOptions) {
    this.#options = options;
  }

  /** Why the last append to reach the disk failed; undefined when it did not. */
  get trouble(): string | undefined {
    if (this.#trouble && this.#options.clock() >= this.#trouble.passesAtMs) return undefined;
    return this.#trouble?.message;
  }

  /** Appends in the order of the calls: nothing is awaited before. */
  async publish(messages: readonly OutgoingMessage[]): Promise<PublishOutcome[]> {
    const outcomes = new Array<PublishOutcome>(messages.length);
    const batches = this.#batches(messages, outcomes);
    await Promise.all(
      batches.map(async (batch) => {
        const outcome = await batch.log.journal.appendBatch(batch.payloads);
        this.#note(outcome, batch.log);
        for (const [offset, index] of batch.indexes.entries()) {
          outcomes[index] = publishOutcome(outcome, offset);
        }
      }),
    );
    return outcomes;
  }

  /** Refusals go into `outcomes` at once. */
  #batches(messages: readonly OutgoingMessage[], outcomes: PublishOutcome[]): Batch[] {
    const batches: Batch[] = [];
    const open = new Map<Log, Batch>();
    const full = new Map<Log, PublishOutcome>();
    let logBytes = this.#options.logs.bytes();
    for (const [index, message] of messages.entries()) {
      const payload = encodeMessage(message);
      const bytes = payload.reduce((sum, part) => sum + part.length, 0);
      const log = this.#options.logs.get(message);
      if (log === undefined) {
        outcomes[index] = unknownTopic(message);
        continue;
      }
      // Nothing of its log follows what did not fit: that would change the order.
      const refusal = full.get(log) ?? this.#refusal(bytes, logBytes);
      if (refusal !== undefined) {
        if (refusal.status === 'refused' && refusal.code === 'log-full') full.set(log, refusal);
        outcomes[index] = refusal;
        continue;
      }
      logBytes += bytes;
      let batch = open.get(log);
      if (batch === undefined || batch.bytes + bytes > batchBytesMax) {
        batch = { log, bytes: 0, payloads: [], indexes: [] };
        open.set(log, batch);
        batches.push(batch);
      }
      batch.bytes += bytes;
      batch.payloads.push(payload);
      batch.indexes.push(index);
    }
    return batches;
  }

  #refusal(bytes: number, logBytes: number): PublishOutcome | undefined {
    const { messageBytesMax, logBytesMax, onFull } = this.#options;
    if (bytes > messageBytesMax) {
      return refuse('too-large', `${bytes} bytes; at most ${messageBytesMax} are taken`);
    }
    if (logBytes + bytes <= logBytesMax) return undefined;
    onFull();
    return refuse('log-full', `The log has reached its limit of ${logBytesMax} bytes`);
  }

  #note(outcome: AppendOutcome, { topic }: Log): void {
    if (outcome.status === 'durable') {
      this.#trouble = undefined;
      this.#options.onDurable(topic);
    } else if (outcome.status === 'unknown') this.#inTrouble(outcome.message);
    else if (outcome.code === 'full') this.#options.onFull();
    else if (outcome.code === 'io') this.#inTrouble(outcome.message);
    else if (outcome.code === 'disk-full') this.#inTrouble(outcome.message, diskFullMs);
  }

  #inTrouble(message: string, forMs = Number.POSITIVE_INFINITY): void {
    this.#trouble = { message, passesAtMs: this.#options.clock() + forMs };
  }
}

const codeOf: Record<AppendRefusal, RefusalCode> = {
  busy: 'unavailable',
  full: 'log-full',
  'disk-full': 'disk-full',
  'too-large': 'too-large',
  io: 'unavailable',
  closed: 'not-running',
};

export function refuse(code: RefusalCode, message: string): PublishOutcome {
  const retryable = code !== 'too-large' && code !== 'unknown-topic';
  return { status: 'refused', code, retryable, message };
}

function unknownTopic({ topic, partition }: OutgoingMessage): PublishOutcome {
  return refuse('unknown-topic', `No topic ${topic} with a partition ${partition}`);
}

function publishOutcome(outcome: AppendOutcome, offset: number): PublishOutcome {
  switch (outcome.status) {
    case 'durable':
      return { status: 'durable', position: outcome.sequence + offset };
    case 'refused':
      return refuse(codeOf[outcome.code], outcome.message);
    case 'unknown':
      return outcome;
  }
}
