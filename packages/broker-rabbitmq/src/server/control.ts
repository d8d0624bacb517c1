import type { Channel } from 'amqplib';
import { controlExchange } from '../names.ts';
import type { Client } from './client.ts';

const queueLengthMax = 10_000;

type Listener = (body: unknown) => void;

/**
 * Carries what the processes of a fleet exchange, by key. Nothing is kept or confirmed: what is
 * sent is sent again. One queue per process, gone with its connection.
 */
export class Control {
  readonly #writing: Client;
  readonly #reading: Client;
  readonly #listeners = new Map<string, Set<Listener>>();
  #writer: Channel | undefined;
  #reader: Channel | undefined;
  #queue = '';

  constructor({ writing, reading }: { writing: Client; reading: Client }) {
    this.#writing = writing;
    this.#reading = reading;
  }

  /** On each new connection of the writing side. */
  async openWriter(): Promise<void> {
    this.#writer = await this.#writing.channel();
    await this.#writer.assertExchange(controlExchange, 'direct', { durable: true });
  }

  /** On each new connection of the reading side. */
  async openReader(): Promise<void> {
    const reader = await this.#reading.channel();
    await reader.assertExchange(controlExchange, 'direct', { durable: true });
    const { queue } = await reader.assertQueue('', {
      exclusive: true,
      autoDelete: true,
      durable: false,
      arguments: {
        'x-queue-type': 'classic',
        'x-max-length': queueLengthMax,
        'x-overflow': 'drop-head',
      },
    });
    this.#queue = queue;
    this.#reader = reader;
    for (const key of this.#listeners.keys()) await reader.bindQueue(queue, controlExchange, key);
    const take = (message: { fields: { routingKey: string }; content: Buffer } | null): void => {
      if (!message) return;
      const body: unknown = JSON.parse(message.content.toString());
      for (const listener of this.#listeners.get(message.fields.routingKey) ?? []) listener(body);
    };
    await reader.consume(queue, take, { noAck: true });
  }

  /** Either side is there again: what was sent meanwhile is lost. */
  onOpen(listener: () => void): void {
    this.#writing.onReady(listener);
    this.#reading.onReady(listener);
  }

  async listen(key: string, listener: Listener): Promise<void> {
    const listeners = this.#listeners.get(key) ?? new Set();
    this.#listeners.set(key, listeners.add(listener));
    if (this.#reading.isOpen) await this.#reader?.bindQueue(this.#queue, controlExchange, key);
  }

  /** Sends it to all; false when it cannot be sent now. */
  send(key: string, body: unknown): boolean {
    if (!this.#writing.isOpen || this.#writing.blocked !== undefined) return false;
    this.#writer?.publish(controlExchange, key, Buffer.from(JSON.stringify(body)), {
      persistent: false,
    });
    return true;
  }
}
