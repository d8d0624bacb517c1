import {
  type OutgoingMessage,
  type PublishOutcome,
  partitionName,
  type RefusalCode,
  type TopicPartition,
} from '@spillway/broker';
import { messageOf, unlessAborted, waitAtMost, withTimeout } from '@spillway/resilience';
import kafkajs, { type Kafka, type Producer } from 'kafkajs';
import type { ProducePort } from '../producer.ts';
import { type LibraryOptions, openLibrary, translate } from './library.ts';
import { abortGraceMs, PartitionProducer, type Sent } from './partition-producer.ts';

export interface KafkajsProducerOptions extends LibraryOptions {
  deliveryTimeoutMs: number;
  messageBytesMax: number;
  /** The partitions of a topic; 0 when there is no such topic. */
  partitionsOf: (topic: string) => Promise<number>;
}

/** What a batch of one message has beside key, headers and value: 61 bytes, and the record's own. */
const overheadBytes = 100;

const refusals: Readonly<Record<string, RefusalCode>> = {
  MESSAGE_TOO_LARGE: 'too-large',
  RECORD_LIST_TOO_LARGE: 'too-large',
  UNKNOWN_TOPIC_OR_PARTITION: 'unknown-topic',
  INVALID_TOPIC_EXCEPTION: 'unknown-topic',
};

/**
 * The idempotent producer of KafkaJS. It counts sequences back after an error, so that what follows
 * an unknown outcome could be taken for a repetition of it and be lost: then it is replaced.
 */
export class KafkajsProducer implements ProducePort {
  readonly #options: KafkajsProducerOptions;
  readonly #partitions = new Map<string, PartitionProducer>();
  #kafka: Kafka | undefined;
  #producer: Promise<Producer> | undefined;
  #running = false;
  #trouble: string | undefined;

  constructor(options: KafkajsProducerOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    this.#kafka = openLibrary(this.#options);
    try {
      await this.#connected();
    } catch (error) {
      throw translate(error, 'Kafka');
    }
    this.#running = true;
  }

  async stop(): Promise<void> {
    if (!this.#running) return;
    this.#running = false;
    const flushed = Promise.all(
      [...this.#partitions.values()].map((partition) => partition.flushed()),
    );
    await waitAtMost(flushed, { ms: this.#options.deliveryTimeoutMs }).catch(() => {});
    await this.#replace();
  }

  health(): { ok: boolean; detail: string } {
    if (!this.#running) return { ok: false, detail: 'not running' };
    return { ok: this.#trouble === undefined, detail: this.#trouble ?? 'producing' };
  }

  async publish(
    messages: readonly OutgoingMessage[],
    abort?: AbortSignal,
  ): Promise<PublishOutcome[]> {
    if (!this.#running) {
      return messages.map(() => refused('not-running', 'The producer is not running'));
    }
    if (abort?.aborted) return messages.map(() => refused('unavailable', 'Aborted'));
    const outcomes = Promise.all(messages.map((message) => this.#send(message)));
    const abandon = () => {
      for (const message of messages)
        this.#partitions.get(partitionName(message))?.abandon(message);
    };
    abort?.addEventListener('abort', abandon, { once: true });
    return await outcomes.finally(() => abort?.removeEventListener('abort', abandon));
  }

  /** Synchronous up to the queue of the partition: the order is that of the calls. */
  #send(message: OutgoingMessage): Promise<PublishOutcome> {
    const bytes = sizeOf(message);
    const { messageBytesMax } = this.#options;
    if (bytes > messageBytesMax) {
      const text = `${bytes} bytes; at most ${messageBytesMax} are taken`;
      return Promise.resolve(refused('too-large', text));
    }
    const name = partitionName(message);
    const partition = this.#partitions.get(name) ?? this.#open(name, message);
    return partition.send(message, bytes);
  }

  #open(name: string, { topic, partition }: OutgoingMessage): PartitionProducer {
    const producer = new PartitionProducer({
      batchBytesMax: this.#options.messageBytesMax,
      isKnown: async () => {
        const count = await this.#options.partitionsOf(topic);
        if (partition < count) return true;
        this.#partitions.delete(name); // It may be made yet; names that are not do not gather here.
        return false;
      },
      send: (batch, hurry) => this.#produce({ topic, partition }, batch, hurry),
    });
    this.#partitions.set(name, producer);
    return producer;
  }

  async #produce(
    { topic, partition }: TopicPartition,
    batch: readonly OutgoingMessage[],
    hurry: AbortSignal,
  ): Promise<Sent> {
    const { deliveryTimeoutMs } = this.#options;
    let connected: Promise<Producer> | undefined;
    try {
      connected = this.#connected();
      const producer = await withTimeout(connected, deliveryTimeoutMs, 'A connection');
      const messages = batch.map(({ key, value, headers }) => ({
        partition,
        key,
        headers: { ...headers },
        value: Buffer.concat(value),
      }));
      const sending = producer.send({ topic, messages, acks: -1 });
      const bounded = withTimeout(sending, deliveryTimeoutMs, 'A publish');
      const [answer] = await unlessAborted(bounded, hurry, { graceMs: abortGraceMs });
      this.#trouble = undefined;
      if (answer?.baseOffset === undefined) throw new Error('No answer for the partition');
      return { status: 'durable', position: Number(answer.baseOffset) };
    } catch (error) {
      await this.#replace(connected);
      const { reason, message } = translate(error, partitionName({ topic, partition }));
      const code = refusals[reason];
      if (code !== undefined) return refused(code, message);
      this.#trouble = message;
      return { status: 'unknown', message };
    }
  }

  /** The producer that others use by now stays. */
  async #replace(which = this.#producer): Promise<void> {
    if (this.#producer !== which) return;
    this.#producer = undefined;
    // It waits for what is under way, which a broker may never answer.
    const gone = which?.then((producer) => producer.disconnect());
    if (gone !== undefined) await waitAtMost(gone, { ms: abortGraceMs }).catch(() => {});
  }

  #connected(): Promise<Producer> {
    this.#producer ??= this.#connect();
    return this.#producer;
  }

  async #connect(): Promise<Producer> {
    const { deliveryTimeoutMs } = this.#options;
    const producer = (this.#kafka as Kafka).producer({
      idempotent: true,
      allowAutoTopicCreation: false,
      createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
      // Waits of at most a second: about as many as fit before a publish is given up.
      retry: {
        retries: Math.max(1, Math.ceil(deliveryTimeoutMs / 1_000)),
        initialRetryTime: 50,
        maxRetryTime: 1_000,
      },
    });
    try {
      await producer.connect();
    } catch (error) {
      this.#producer = undefined;
      this.#trouble = messageOf(error);
      throw error;
    }
    return producer;
  }
}

function sizeOf({ key, value, headers }: OutgoingMessage): number {
  let bytes = overheadBytes + Buffer.byteLength(key);
  for (const part of value) bytes += part.byteLength;
  for (const [name, text] of Object.entries(headers)) {
    bytes += Buffer.byteLength(name) + Buffer.byteLength(text) + 6;
  }
  return bytes;
}

function refused(code: RefusalCode, message: string): Sent & { status: 'refused' } {
  const retryable = code === 'not-running' || code === 'unavailable';
  return { status: 'refused', code, retryable, message };
}
