import { setTimeout as sleep } from 'node:timers/promises';
import { type ConsumeMessage, connect } from 'amqplib';
import type { RabbitMqAddress } from './servers.ts';

/** Within this time a queue delivers what it has. */
const quietMs = 500;

interface QueueInfo {
  name: string;
  messages: number;
}

/** A virtual host of its own. */
export class RabbitTopics {
  readonly env: Readonly<Record<string, string>>;
  readonly #managementUrl: string;
  readonly #url: string;
  readonly #name: string;

  private constructor(name: string, { url, managementUrl }: RabbitMqAddress) {
    this.#name = name;
    this.#managementUrl = managementUrl;
    const named = new URL(url);
    named.pathname = `/${name}`;
    this.#url = named.href;
    this.env = {
      SPILLWAY_BROKER_KIND: 'rabbitmq',
      SPILLWAY_BROKER_RABBITMQ_URLS: this.#url,
    };
  }

  static async open(name: string, server: RabbitMqAddress): Promise<RabbitTopics> {
    const topics = new RabbitTopics(name, server);
    await topics.#ask('PUT', `/api/vhosts/${name}`);
    return topics;
  }

  /** Out of the queue of every group. */
  async deleteLastMessages(topic: string, count: number): Promise<number> {
    const queues = await this.#ask<QueueInfo[]>('GET', `/api/queues/${this.#name}`);
    const connection = await connect(this.#url);
    const found: number[] = [];
    for (const { name } of queues.filter((queue) => queue.name.startsWith(`${topic}/`))) {
      const channel = await connection.createChannel();
      const messages: ConsumeMessage[] = [];
      // The queue has one active consumer and takes no `get`.
      await channel.consume(name, (message) => void (message && messages.push(message)));
      await sleep(quietMs);
      for (const message of messages.slice(-count)) channel.ack(message);
      if (messages.length) found.push(messages.length);
      // What is not acknowledged goes back in its order.
      await channel.close();
    }
    await connection.close();
    return Math.max(...found);
  }

  async close(): Promise<void> {
    await this.#ask('DELETE', `/api/vhosts/${this.#name}`);
  }

  async #ask<T>(method: string, path: string): Promise<T> {
    const { username, password, origin } = new URL(this.#managementUrl);
    const authorization = `Basic ${btoa(`${username}:${password}`)}`;
    const response = await fetch(origin + path, { method, headers: { authorization } });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text}`);
    return (text ? JSON.parse(text) : undefined) as T;
  }
}
