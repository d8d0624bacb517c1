import type { DeliveredMessage, Position, TopicPartition } from '@spillway/broker';
import type { Channel, ConsumeMessage } from 'amqplib';
import { delivered } from '../message/message.ts';
import { type Client, closeChannel } from '../server/client.ts';
import type { Holding } from './group-members.ts';

export interface QueueConsumerOptions extends TopicPartition {
  queue: string;
  client: Client;
  prefetchMessages: number;
  prefetchBytes: number;
  clock: () => number;
  /** Something may be there to poll. */
  onReady: () => void;
  /** The channel is gone, and was not closed by us. */
  onBroken: (message: string) => void;
}

const dayMs = 86_400_000;
/** A message that waited longer counts as one that waited so long. */
const waitedDaysMax = 90;
/** Beyond this many times `prefetchBytes`, even messages in hand are given back. */
const excessMax = 2;

/**
 * One partition of a group: a channel with one consumer, and the messages that it delivered and
 * that are not committed, in their order. They stay in memory, so a seek back is a step back here.
 * The n-th delivery of a channel has tag n; positions go on from one channel to the next, so
 * a commit of an earlier channel's position is never taken for one of this.
 */
export class QueueConsumer {
  readonly topic: string;
  readonly partition: number;
  readonly queue: string;
  paused = false;
  revoking = false;
  readonly #options: QueueConsumerOptions;
  #channel: Channel | undefined;
  #window: DeliveredMessage[] = [];
  #windowBytes = 0;
  /** Index in the window of what is polled next. */
  #cursor = 0;
  /** Position of the delivery with tag 0. */
  #base = 0;
  #last = 0;
  #prefetch: number;
  /** When each message of the window came. */
  #cameMs: number[] = [];
  #closed = false;
  readonly #released = new WeakSet<Channel>();
  #opening: Promise<void> | undefined;

  constructor(options: QueueConsumerOptions) {
    this.#options = options;
    this.topic = options.topic;
    this.partition = options.partition;
    this.queue = options.queue;
    this.#prefetch = options.prefetchMessages;
  }

  /** Idempotent. */
  open(): Promise<void> {
    this.#opening ??= this.#open().finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  get isOpen(): boolean {
    return this.#channel !== undefined;
  }

  /** Delivered and not committed. */
  get holding(): Holding {
    return { unacked: this.#window.length, oldestMs: this.#window[0]?.timestampMs ?? null };
  }

  /** Bytes of the values that are held. */
  get bytes(): number {
    return this.#windowBytes;
  }

  /** Something of what is held was polled. */
  get isInHand(): boolean {
    return this.#cursor > 0;
  }

  /** Milliseconds since the oldest held message came; 0 without one. */
  heldMs(nowMs: number): number {
    return nowMs - (this.#cameMs[0] ?? nowMs);
  }

  /** Takes as much as fits; at least one if `first`. */
  take(bytesMax: number, first: boolean): DeliveredMessage[] {
    const from = this.#cursor;
    let bytes = 0;
    for (let next = this.#window[this.#cursor]; next; next = this.#window[this.#cursor]) {
      bytes += next.value.byteLength;
      if (bytes > bytesMax && !(first && this.#cursor === from)) break;
      this.#cursor += 1;
    }
    return this.#window.slice(from, this.#cursor);
  }

  /**
   * Resolves after a round trip behind the acknowledgement: the queue's leader has it, and writes
   * it to the disk with what it writes next.
   */
  async commit(position: number): Promise<void> {
    const channel = this.#channel;
    const first = this.#window[0];
    if (!channel || !first || position < first.position) return;
    const count = Math.min(position - first.position + 1, this.#window.length);
    const done = this.#window.splice(0, count);
    for (const { value } of done) this.#windowBytes -= value.byteLength;
    this.#cursor = Math.max(0, this.#cursor - count);
    this.#cameMs.splice(0, count);
    const deliveryTag = (done.at(-1) as DeliveredMessage).position - this.#base;
    channel.ack({ fields: { deliveryTag } } as ConsumeMessage, true);
    await channel.checkQueue(this.queue).catch((error: unknown) => {
      // Our own close answers for what was sent before it.
      if (!this.#released.has(channel)) throw error;
    });
    this.#fitPrefetch();
  }

  seek(position: number): void {
    const first = this.#window[0]?.position ?? 0;
    this.#cursor = Math.min(Math.max(0, position - first), this.#window.length);
  }

  /** What is not committed goes back to the queue, in its order; `open` gets it again. */
  async release(): Promise<void> {
    await this.#opening?.catch(() => {});
    const channel = this.#channel;
    this.#channel = undefined;
    this.#window = [];
    this.#cameMs = [];
    this.#windowBytes = 0;
    this.#cursor = 0;
    if (channel) this.#released.add(channel);
    if (channel) await closeChannel(channel);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.release();
  }

  async #open(): Promise<void> {
    if (this.#channel || this.#closed) return;
    const channel = await this.#options.client.channel();
    channel.on('close', () => this.#broken(channel, 'channel closed'));
    channel.on('error', (error: Error) => this.#broken(channel, error.message));
    await channel.prefetch(this.#prefetch);
    // Larger than those of earlier subscriptions, too, as far as clocks agree.
    this.#base = Math.max(this.#last, this.#options.clock() * 1_000);
    this.#channel = channel;
    await channel.consume(this.queue, (message) => this.#take(channel, message));
  }

  #take(channel: Channel, message: ConsumeMessage | null): void {
    if (this.#channel !== channel) return;
    if (!message) {
      this.#broken(channel, 'the queue was deleted');
      void closeChannel(channel);
      return;
    }
    const { topic, partition } = this;
    const position = this.#base + message.fields.deliveryTag;
    this.#last = position;
    this.#cameMs.push(performance.now());
    this.#window.push(this.#delivered(message, { topic, partition, position }));
    this.#windowBytes += message.content.length;
    if (this.#windowBytes > this.#options.prefetchBytes) this.#fitPrefetch();
    this.#options.onReady();
  }

  /** Whoever publishes says when, and may say anything: stores would keep thousands of days. */
  #delivered(message: ConsumeMessage, at: Position): DeliveredMessage {
    const nowMs = this.#options.clock();
    const { timestampMs, ...rest } = delivered(message, at, nowMs);
    const todayMs = nowMs - (nowMs % dayMs);
    const latestMs = Math.min(timestampMs, todayMs + 2 * dayMs);
    return { ...rest, timestampMs: Math.max(latestMs, todayMs - waitedDaysMax * dayMs) };
  }

  /** Larger or smaller messages than thought: the server counts them, it does not weigh them. */
  #fitPrefetch(): void {
    const { prefetchBytes, prefetchMessages } = this.#options;
    const excess = this.#windowBytes / prefetchBytes;
    const inHand = this.#cursor > 0;
    if (this.#window.length === 0) return;
    const mean = this.#windowBytes / this.#window.length;
    const fitting = Math.max(1, Math.min(prefetchMessages, Math.floor(prefetchBytes / mean)));
    const isTooMany = excess > (inHand ? excessMax : 1) && fitting < this.#prefetch;
    const isTooFew =
      !inHand && this.#window.length === this.#prefetch && fitting > 4 * this.#prefetch;
    if (!isTooMany && !isTooFew) return;
    this.#prefetch = fitting;
    void this.release()
      .then(() => this.open())
      .catch((error: Error) => this.#options.onBroken(error.message));
  }

  #broken(channel: Channel, message: string): void {
    if (this.#channel !== channel) return;
    this.#channel = undefined;
    this.#options.onBroken(message);
  }
}
