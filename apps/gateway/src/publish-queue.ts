import type { Broker, OutgoingMessage, PublishOutcome } from '@spillway/broker';
import type { Delivery, Parcel, Parcels } from './parcel.ts';
import { overloaded, Refusal } from './refusal.ts';
import { type GatewayStats, Histogram } from './stats.ts';

export interface PublishQueueOptions {
  broker: Broker;
  parcels: Parcels;
  lingerMs: number;
  batchBytesMax: number;
  publishesInFlightMax: number;
  queueBytesMax: number;
  /** Monotonic milliseconds. */
  nowMs: () => number;
}

interface Waiting {
  parcel: Parcel;
  bytes: number;
  settle: (result: Delivery | Refusal) => void;
}

/**
 * Gathers the messages of many requests into few publishes. An idle queue publishes at once; a busy
 * one gathers for `lingerMs` or `batchBytesMax`. Publishes are called in the order of arrival.
 */
export class PublishQueue {
  readonly #options: PublishQueueOptions;
  readonly #batchMessages = new Histogram([1, 2, 4, 8, 16, 32, 64, 128, 256, 512]);
  readonly #batchBytes = new Histogram([1e3, 1e4, 1e5, 1e6, 1e7, 1e8]);
  readonly #tookMs = new Histogram([1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000]);
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #flyingBytes = 0;
  #flying = 0;
  #scheduled = false;
  readonly #idle: (() => void)[] = [];

  constructor(options: PublishQueueOptions) {
    this.#options = options;
  }

  /** Resolves when every message has its outcome, which may be long after the request's answer. */
  publish(parcel: Parcel): Promise<Delivery | Refusal> {
    const { queueBytesMax, parcels } = this.#options;
    const bytes = parcel.slices.reduce((sum, slice) => sum + slice.bytes, 0);
    // A parcel larger than the queue may pass alone: it would never fit otherwise.
    if (this.bytes > 0 && this.bytes + bytes > queueBytesMax) {
      parcels.refuse(parcel, 'queue-full');
      const message = `the queue to the broker is full (gateway.queueBytesMax ${queueBytesMax})`;
      return Promise.resolve(overloaded('queue-full', message));
    }
    this.#waitingBytes += bytes;
    return new Promise((settle) => {
      this.#waiting.push({ parcel, bytes, settle });
      this.#schedule();
    });
  }

  /** Waiting for the broker or on their way to it. */
  get bytes(): number {
    return this.#waitingBytes + this.#flyingBytes;
  }

  /** Resolves when nothing waits and nothing is on its way. */
  idle(): Promise<void> {
    return new Promise((resolve) => {
      this.#idle.push(resolve);
      this.#announceIdle();
    });
  }

  stats(): Pick<GatewayStats, 'queueBytes' | 'publishMessages' | 'publishBytes' | 'publishMs'> {
    return {
      queueBytes: this.bytes,
      publishMessages: this.#batchMessages.stats(),
      publishBytes: this.#batchBytes.stats(),
      publishMs: this.#tookMs.stats(),
    };
  }

  #schedule(): void {
    const { lingerMs, batchBytesMax, publishesInFlightMax } = this.#options;
    while (this.#waitingBytes >= batchBytesMax && this.#flying < publishesInFlightMax) {
      this.#flush();
    }
    if (this.#scheduled || this.#waiting.length === 0) return;
    if (this.#flying >= publishesInFlightMax) return;
    this.#scheduled = true;
    const run = (): void => {
      this.#scheduled = false;
      if (this.#flying < publishesInFlightMax) this.#flush();
      this.#schedule();
    };
    // Idle: only what this turn of the event loop brings is gathered.
    if (this.#flying === 0 || lingerMs === 0) setImmediate(run);
    else setTimeout(run, lingerMs);
  }

  #flush(): void {
    const batch = this.#takeBatch();
    if (batch.length > 0) void this.#publishBatch(batch);
    else this.#announceIdle();
  }

  #takeBatch(): Waiting[] {
    const batch: Waiting[] = [];
    let [taken, bytes] = [0, 0];
    for (const waiting of this.#waiting) {
      const cancelled = waiting.parcel.cancelled();
      const fits = bytes + waiting.bytes <= this.#options.batchBytesMax;
      if (!cancelled && !fits && batch.length > 0) break;
      taken += 1;
      if (cancelled) this.#drop(waiting);
      else {
        batch.push(waiting);
        bytes += waiting.bytes;
      }
    }
    this.#waiting = this.#waiting.slice(taken);
    this.#waitingBytes -= bytes;
    this.#flyingBytes += bytes;
    return batch;
  }

  #drop({ parcel, bytes, settle }: Waiting): void {
    this.#waitingBytes -= bytes;
    this.#options.parcels.refuse(parcel, 'time-out');
    settle(new Refusal('gone', 'answered before it was published'));
  }

  async #publishBatch(batch: readonly Waiting[]): Promise<void> {
    const { nowMs, parcels } = this.#options;
    const startedMs = nowMs();
    const sent = batch.map(({ parcel }) => parcels.messagesOf(parcel));
    const messages = sent.flat();
    const bytes = batch.reduce((sum, waiting) => sum + waiting.bytes, 0);
    this.#flying += 1;
    const outcomes = await this.#outcomes(messages);
    this.#flying -= 1;
    this.#flyingBytes -= bytes;
    this.#batchMessages.observe(messages.length);
    this.#batchBytes.observe(bytes);
    this.#tookMs.observe(nowMs() - startedMs);
    let next = 0;
    batch.forEach(({ parcel, settle }, i) => {
      const own = sent[i] ?? [];
      settle(parcels.settle(parcel, own, outcomes.slice(next, next + own.length)));
      next += own.length;
    });
    this.#schedule();
    this.#announceIdle();
  }

  async #outcomes(messages: readonly OutgoingMessage[]): Promise<readonly PublishOutcome[]> {
    try {
      return await this.#options.broker.publish(messages);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      return messages.map(() => ({ status: 'unknown', message }));
    }
  }

  #announceIdle(): void {
    if (this.#flying > 0 || this.#waiting.length > 0) return;
    for (const resolve of this.#idle.splice(0)) resolve();
  }
}
