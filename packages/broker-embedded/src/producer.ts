import type { OutgoingMessage, PublishOutcome, RefusalCode } from '@spillway/broker';
import type { AppendOutcome, AppendRefusal } from '@spillway/journal';
import type { Log, Logs } from './log/logs.ts';
import { encodeMessage } from './log/message.ts';
import type { Retention } from './log/retention.ts';
import type { Room } from './log/room.ts';

export interface ProducerOptions {
  logs: Logs;
  room: Room;
  messageBytesMax: number;
  /** Milliseconds since 1970. */
  clock: () => number;
  /** There are new messages of the topic. */
  onDurable: (topic: string) => void;
  /** Makes room in a full log. */
  retention: Pick<Retention, 'run' | 'hasRoom' | 'makeRoom'>;
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
  /** Appends that wait for room, one behind the other. */
  #turn: Promise<void> = Promise.resolve();
  #waiting = 0;
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
        const outcome = await this.#append(batch);
        this.#note(outcome, batch.log);
        for (const [offset, index] of batch.indexes.entries()) {
          outcomes[index] = publishOutcome(outcome, offset);
        }
      }),
    );
    return outcomes;
  }

  #append(batch: Batch): Promise<AppendOutcome> {
    const { log, bytes, payloads } = batch;
    if (log.writing === 'client') return log.journal.appendBatch(payloads);
    if (this.#waiting === 0 && this.#options.retention.hasRoom(log, bytes)) {
      return log.journal.appendBatch(payloads);
    }
    this.#waiting += 1;
    const made = this.#turn.then(() => this.#appendWithRoom(batch));
    // The next one has its turn when this one is on its way, not when it is durable.
    this.#turn = made.then(() => {
      this.#waiting -= 1;
    });
    return made.then(({ outcome }) => outcome);
  }

  /** Waits until it has room, and not for the disk. */
  async #appendWithRoom({ log, bytes, payloads }: Batch): Promise<{
    outcome: Promise<AppendOutcome>;
  }> {
    if (await this.#options.retention.makeRoom(log, bytes)) {
      return { outcome: log.journal.appendBatch(payloads) };
    }
    // What does not fit now would not later, since nothing else gives up its room for it.
    const code = log.writing === 'kept' ? 'too-large' : 'full';
    const message = `${bytes} bytes have no room in the log`;
    return {
      outcome: Promise.resolve({ status: 'refused', code, retryable: code === 'full', message }),
    };
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
      const refusal = full.get(log) ?? this.#refusal(log, bytes, logBytes);
      if (refusal !== undefined) {
        if (refusal.status === 'refused' && refusal.code === 'log-full') full.set(log, refusal);
        outcomes[index] = refusal;
        continue;
      }
      logBytes += bytes;
      let batch = open.get(log);
      if (batch === undefined || batch.bytes + bytes > this.#batchBytesMax(log)) {
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

  #batchBytesMax({ writing }: Log): number {
    const { keptBatchBytesMax } = this.#options.room;
    return writing === 'kept' ? Math.min(batchBytesMax, keptBatchBytesMax) : batchBytesMax;
  }

  #refusal({ writing }: Log, bytes: number, logBytes: number): PublishOutcome | undefined {
    const { messageBytesMax, room, logs, retention } = this.#options;
    if (bytes > messageBytesMax) {
      return refuse('too-large', `${bytes} bytes; at most ${messageBytesMax} are taken`);
    }
    const isFull = {
      client: () => logBytes + bytes > room.clientBytesMax,
      internal: () => logBytes - logs.keptBytes() + bytes > room.internalBytesMax,
      // Its oldest messages make room.
      kept: () => false,
    };
    if (!isFull[writing]()) return undefined;
    void retention.run(bytes);
    return refuse('log-full', `The log has reached its limit of ${room.clientBytesMax} bytes`);
  }

  #note(outcome: AppendOutcome, { topic }: Log): void {
    if (outcome.status === 'durable') {
      this.#trouble = undefined;
      this.#options.onDurable(topic);
    } else if (outcome.status === 'unknown') this.#inTrouble(outcome.message);
    else if (outcome.code === 'full') void this.#options.retention.run();
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
