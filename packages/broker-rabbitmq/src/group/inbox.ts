import {
  BrokerError,
  type DeliveredMessage,
  type PollOptions,
  partitionName,
  type TopicPartition,
} from '@spillway/broker';
import { AutoResetEvent } from '@spillway/resilience';
import type { QueueConsumer } from './queue-consumer.ts';

/** The partitions that a member holds, and one poll at a time over all of them. */
export class Inbox {
  readonly #consumers = new Map<string, QueueConsumer>();
  /** A consumer that was to be opened again could not. */
  readonly #onBroken: (consumer: QueueConsumer, error: unknown) => void;
  /** Mean bytes that each consumer may hold. */
  readonly #signalBytesMax: number;
  /** A pause outlasts a broken channel, but not a move. */
  readonly #paused = new Set<string>();
  #turn = 0;
  #polling = false;
  #closed = false;
  readonly #arrival = new AutoResetEvent();

  constructor(options: {
    onBroken: (consumer: QueueConsumer, error: unknown) => void;
    signalBytesMax: number;
  }) {
    this.#onBroken = options.onBroken;
    this.#signalBytesMax = options.signalBytesMax;
  }

  get consumers(): readonly QueueConsumer[] {
    return [...this.#consumers.values()];
  }

  get(at: TopicPartition): QueueConsumer | undefined {
    return this.#consumers.get(partitionName(at));
  }

  add(consumer: QueueConsumer): void {
    consumer.paused = this.#paused.has(partitionName(consumer));
    this.#consumers.set(partitionName(consumer), consumer);
  }

  /** False when it was not held any more. */
  remove(consumer: QueueConsumer): boolean {
    return this.get(consumer) === consumer && this.#consumers.delete(partitionName(consumer));
  }

  /** They are held until their acknowledgements are with the server. */
  async release(consumers: readonly QueueConsumer[]): Promise<void> {
    await Promise.all(consumers.map((consumer) => consumer.close()));
    for (const consumer of consumers) {
      this.remove(consumer);
      this.#paused.delete(partitionName(consumer));
    }
  }

  pause(partitions: readonly TopicPartition[]): void {
    for (const at of partitions) {
      const consumer = this.get(at);
      if (!consumer) continue;
      consumer.paused = true;
      this.#paused.add(partitionName(at));
    }
  }

  resume(partitions: readonly TopicPartition[]): void {
    for (const at of partitions) {
      const consumer = this.get(at);
      if (consumer) consumer.paused = false;
      this.#paused.delete(partitionName(at));
    }
    this.wake();
  }

  async poll({ bytesMax, waitMs, abort }: PollOptions): Promise<DeliveredMessage[]> {
    if (this.#closed) throw new BrokerError('not-running', 'The subscription is closed');
    if (this.#polling) throw new Error('One poll at a time');
    this.#polling = true;
    const deadline = performance.now() + waitMs;
    try {
      for (;;) {
        this.#arrival.reset();
        const messages = abort.aborted ? [] : this.#gather(bytesMax);
        const leftMs = deadline - performance.now();
        if (messages.length > 0 || leftMs <= 0 || abort.aborted || this.#closed) return messages;
        await this.#arrival.wait(leftMs, abort);
      }
    } finally {
      this.#polling = false;
    }
  }

  /** Something came. */
  arrived(): void {
    this.#fit();
    this.wake();
  }

  /** Something may be there to poll. */
  wake(): void {
    this.#arrival.set();
  }

  /** A pending poll ends with nothing. */
  close(): void {
    this.#closed = true;
    this.wake();
  }

  get #room(): number {
    const { consumers } = this;
    return consumers.reduce(
      (room, { bytes }) => room - bytes,
      consumers.length * this.#signalBytesMax,
    );
  }

  /**
   * The server sends each consumer a message at least, however large. When they are more together than
   * the consumers may hold, all but one go back to their queues, and come again when there is room.
   */
  #fit(): void {
    if (this.#room >= 0) return;
    const full = this.consumers.filter(({ bytes }) => bytes > 0);
    const kept = full.find(({ isInHand }) => isInHand) ?? full[0];
    for (const consumer of full) {
      if (consumer !== kept && !consumer.isInHand) void consumer.release();
    }
  }

  /** Each call begins with another consumer, so that a busy one does not starve the others. */
  #gather(bytesMax: number): DeliveredMessage[] {
    const consumers = this.consumers.filter(({ paused, revoking }) => !paused && !revoking);
    const found: DeliveredMessage[] = [];
    let left = this.#closed ? 0 : bytesMax;
    for (let n = 0; n < consumers.length && left > 0; n++) {
      const consumer = consumers[(this.#turn + n) % consumers.length] as QueueConsumer;
      if (!consumer.isOpen && this.#room > 0) {
        consumer.open().catch((error) => this.#onBroken(consumer, error));
      }
      for (const message of consumer.take(left, found.length === 0)) {
        left -= message.value.byteLength;
        found.push(message);
      }
    }
    this.#turn += 1;
    return found;
  }
}
