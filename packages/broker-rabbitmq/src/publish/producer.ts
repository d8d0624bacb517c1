import { randomUUID } from 'node:crypto';
import {
  type OutgoingMessage,
  type PublishOutcome,
  partitionName,
  type TopicSpec,
} from '@spillway/broker';
import { messageOf, waitAtMost } from '@spillway/resilience';
import { type ConfirmChannel, IllegalOperationError, type Options } from 'amqplib';
import type { RabbitMqConfig } from '../config.ts';
import { refuse, unknown } from '../errors.ts';
import { contentOf, propertiesOf, sizeOf } from '../message/message.ts';
import type { Client } from '../server/client.ts';
import { limitIn } from '../server/inspect.ts';
import { FullPartitions } from './full-partitions.ts';
import type { Pending } from './pending.ts';
import type { PublisherLock } from './publisher-lock.ts';
import { Unresolved } from './unresolved.ts';

export interface ProducerOptions {
  config: RabbitMqConfig;
  client: Client;
  lock: PublisherLock;
  topic: (name: string) => TopicSpec | undefined;
  /** How many queues take each message of a topic. */
  queuesOf: (topic: string) => number;
}

const expiryMs = 250;

/**
 * One channel, so that messages of a partition keep the order of the calls. What is not sent yet
 * when the connection breaks is refused, what is not confirmed is unknown; nothing is sent again.
 */
export class Producer {
  readonly #options: ProducerOptions;
  readonly #name = randomUUID().slice(0, 8);
  readonly #flying = new Map<string, Pending>();
  /** Confirmed since the start, by partition. */
  readonly counts = new Map<string, number>();
  readonly #unresolved: Unresolved;
  readonly #full = new FullPartitions();
  #waiting: Pending[] = [];
  #bytes = 0;
  #next = 1;
  #channel: ConfirmChannel | undefined;
  #congested = false;
  #messageBytesMax: number;
  #expiry: NodeJS.Timeout | undefined;
  #stopped = false;
  #idle: (() => void)[] = [];

  constructor(options: ProducerOptions) {
    this.#options = options;
    this.#messageBytesMax = options.config.messageBytesMax;
    this.#unresolved = new Unresolved(options.config.report);
  }

  /** On each new connection. A channel that the server closes alone is opened again, too. */
  async open(): Promise<void> {
    this.#expiry ??= setInterval(() => this.#expire(), expiryMs);
    await this.#options.lock.hold(() => this.#openChannel());
  }

  async #openChannel(): Promise<void> {
    const channel = await this.#options.client.confirmChannel();
    this.#congested = false;
    this.#channel = channel;
    channel.on('drain', () => {
      this.#congested = false;
      this.#pump();
    });
    channel.on('return', ({ properties, fields }) => {
      const pending = this.#flying.get(String(properties.messageId));
      if (pending) pending.returned = (fields as { replyText?: string }).replyText ?? 'returned';
    });
    channel.on('error', (error) => this.#learnLimit(error));
    channel.on('close', () => this.#closed(channel));
  }

  /** Refuses what comes, and waits for what is under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#options.lock.stop();
    if (this.#flying.size + this.#waiting.length > 0 && this.#channel) {
      const idle = new Promise<void>((resolve) => this.#idle.push(resolve));
      await waitAtMost(idle, { ms: this.#options.config.confirmTimeoutMs });
    }
    clearInterval(this.#expiry);
  }

  publish(messages: readonly OutgoingMessage[], abort?: AbortSignal): Promise<PublishOutcome[]> {
    const refusal = this.#refusal(abort) ?? this.#overload(messages);
    if (refusal) return Promise.resolve(messages.map(() => refusal));
    const own: Pending[] = [];
    const outcomes = messages.map((message) => this.#admit(message, own));
    this.#pump();
    if (!abort || own.length === 0) return Promise.all(outcomes);
    const abandon = (): void => this.#abandon(own);
    abort.addEventListener('abort', abandon, { once: true });
    return Promise.all(outcomes).finally(() => abort.removeEventListener('abort', abandon));
  }

  #refusal(abort: AbortSignal | undefined): PublishOutcome | undefined {
    const { client, lock } = this.#options;
    if (this.#stopped) return refuse('not-running', 'The broker is not running');
    if (abort?.aborted) return refuse('unavailable', 'Aborted before it began');
    if (!this.#channel) return refuse('unavailable', lock.trouble ?? client.trouble);
    if (client.blocked !== undefined) return refuse('unavailable', `Blocked: ${client.blocked}`);
    return undefined;
  }

  /** All of a call or nothing, so that no message overtakes one of its own call. */
  #overload(messages: readonly OutgoingMessage[]): PublishOutcome | undefined {
    const bytes = messages.reduce((sum, message) => sum + sizeOf(message), 0);
    const { publishBytesMax } = this.#options.config;
    if (this.#bytes === 0 || this.#bytes + bytes <= publishBytesMax) return undefined;
    return refuse('unavailable', `${this.#bytes} bytes are not confirmed yet`);
  }

  #admit(message: OutgoingMessage, own: Pending[]): Promise<PublishOutcome> | PublishOutcome {
    const { config, topic } = this.#options;
    const name = partitionName(message);
    if (!(message.partition < (topic(message.topic)?.partitions ?? 0))) {
      return refuse('unknown-topic', `No topic with partition ${name}`, false);
    }
    const bytes = sizeOf(message);
    if (bytes > this.#messageBytesMax) {
      return refuse('too-large', `${bytes} bytes are over ${this.#messageBytesMax}`, false);
    }
    const nowMs = config.clock();
    if (this.#full.has(name, nowMs)) return this.#full.refusal(name);
    const { promise, resolve: settle } = Promise.withResolvers<PublishOutcome>();
    const id = `${this.#name}/${this.#next++}`;
    const deadlineMs = performance.now() + config.confirmTimeoutMs;
    const state = { returned: undefined, unresolved: false };
    const pending: Pending = { id, message, bytes, deadlineMs, ...state, settle };
    this.#waiting.push(pending);
    own.push(pending);
    this.#bytes += bytes;
    return promise;
  }

  #pump(): void {
    const channel = this.#channel;
    if (!channel) return;
    let sent = 0;
    while (!this.#congested && sent < this.#waiting.length) {
      this.#send(channel, this.#waiting[sent++] as Pending);
    }
    this.#waiting = this.#waiting.slice(sent);
  }

  #send(channel: ConfirmChannel, pending: Pending): void {
    const { id: messageId, message } = pending;
    const nowMs = this.#options.config.clock();
    let options: Options.Publish;
    this.#flying.set(messageId, pending);
    try {
      options = propertiesOf(message, { messageId, nowMs });
      const key = String(message.partition);
      this.#congested = !channel.publish(message.topic, key, contentOf(message), options, (error) =>
        this.#confirmed(pending, error),
      );
    } catch (error) {
      // Nothing was written: the channel is closing, or the headers do not fit a frame.
      const closing = error instanceof IllegalOperationError;
      const why = messageOf(error);
      this.#finish(pending, closing ? refuse('unavailable', why) : refuse('too-large', why, false));
    }
  }

  #confirmed(pending: Pending, error: unknown): void {
    const { message, returned } = pending;
    const name = partitionName(message);
    if (error) {
      const isNack = messageOf(error) === 'message nacked';
      if (isNack) this.#finish(pending, this.#nacked(message));
      else this.#finish(pending, this.#unknown(pending, 'The channel broke'));
    } else if (returned !== undefined) {
      this.#finish(pending, refuse('unknown-topic', `No queue takes ${name}: ${returned}`));
    } else {
      this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
      this.#finish(pending, { status: 'durable', position: undefined });
    }
  }

  /** One full queue of several says no for all, though the others have taken it. */
  #nacked(message: OutgoingMessage): PublishOutcome {
    const { config, queuesOf } = this.#options;
    const name = partitionName(message);
    this.#full.add(name, config.clock());
    return this.#full.refusal(name, { isUnknown: queuesOf(message.topic) > 1 });
  }

  #finish(pending: Pending, outcome: PublishOutcome): void {
    this.#flying.delete(pending.id);
    this.#bytes -= pending.bytes;
    pending.settle(outcome);
    if (this.#flying.size + this.#waiting.length > 0) return;
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  /** Those under way keep their bytes until the server answers or the connection ends. */
  #expire(): void {
    const nowMs = performance.now();
    for (const pending of this.#flying.values()) {
      if (pending.deadlineMs > nowMs) break;
      pending.settle(this.#unknown(pending, 'Not confirmed in time'));
    }
    const late = this.#waiting.filter(({ deadlineMs }) => deadlineMs <= nowMs);
    const { blocked } = this.#options.client;
    if (late.length > 0 || blocked !== undefined) this.#drop(blocked ? this.#waiting : late);
  }

  #abandon(own: readonly Pending[]): void {
    this.#drop(own.filter((pending) => this.#waiting.includes(pending)));
    for (const pending of own) {
      if (!this.#flying.has(pending.id)) continue;
      pending.settle(this.#unknown(pending, 'Aborted while it was under way'));
    }
  }

  #unknown(pending: Pending, message: string): PublishOutcome {
    if (!pending.unresolved) this.#unresolved.note(pending.message, message);
    pending.unresolved = true;
    return unknown(message);
  }

  #drop(unsent: readonly Pending[]): void {
    const dropped = new Set(unsent);
    this.#waiting = this.#waiting.filter((pending) => !dropped.has(pending));
    for (const pending of dropped) this.#finish(pending, refuse('unavailable', 'Was not sent'));
  }

  #closed(channel: ConfirmChannel): void {
    if (this.#channel !== channel) return;
    this.#channel = undefined;
    this.#drop(this.#waiting);
    // With the connection gone, its next one opens it.
    void this.open().catch(() => {});
  }

  /** A server whose limit is lower says so by closing the channel. */
  #learnLimit(error: unknown): void {
    const limit = limitIn(messageOf(error));
    if (limit) this.#messageBytesMax = Math.min(this.#messageBytesMax, limit);
  }
}
