import { randomUUID } from 'node:crypto';
import { BrokerError, type TopicSpec } from '@spillway/broker';
import { withTimeout } from '@spillway/resilience';
import type { Channel, ConfirmChannel } from 'amqplib';
import type { RabbitMqConfig } from '../config.ts';
import { disconnected } from '../errors.ts';
import { catalogQueue } from '../names.ts';
import type { Client } from './client.ts';
import { declareCatalog } from './topology.ts';

/** What one process wrote; of those that name the same topic, the one with most partitions holds. */
type CatalogRecord =
  | { topic: string; partitions: number; kept: boolean }
  | { group: string; topic: string }
  /** Says that its writer has read everything before it. */
  | Record<string, never>;

interface State {
  topics: Map<string, { partitions: number; kept: boolean }>;
  /** Topics by group. */
  groups: Map<string, Set<string>>;
}

const prefetch = 1_000;
const echoMs = 20_000;

/**
 * Topics and groups, as a stream that every process reads and appends to: AMQP itself can list
 * neither. The state lasts through a broken connection, and is read again on the next one.
 */
export class Catalog {
  readonly #config: RabbitMqConfig;
  readonly #writing: Client;
  readonly #reading: Client;
  #state: State = newState();
  /** What the present reader has read; it takes the place of the state when it is complete. */
  #fresh: State = this.#state;
  #writer: ConfirmChannel | undefined;
  readonly #echoes = new Map<string, () => void>();

  constructor(options: { config: RabbitMqConfig; writing: Client; reading: Client }) {
    this.#config = options.config;
    this.#writing = options.writing;
    this.#reading = options.reading;
  }

  topics(): TopicSpec[] {
    return [...this.#state.topics].map(([name, { partitions, kept }]) => ({
      name,
      partitions,
      ...(kept && { kept }),
    }));
  }

  topic(name: string): TopicSpec | undefined {
    const found = this.#state.topics.get(name);
    return found && { name, ...found };
  }

  /** Throws BrokerError 'unknown-topic'. */
  known(name: string): TopicSpec {
    const topic = this.topic(name);
    if (!topic) throw new BrokerError('unknown-topic', `No topic ${name}`);
    return topic;
  }

  groups(): string[] {
    return [...this.#state.groups.keys()];
  }

  /** How many groups read it, as far as known. */
  readersOf(topic: string): number {
    return [...this.#state.groups.values()].filter((topics) => topics.has(topic)).length;
  }

  topicsOf(group: string): TopicSpec[] {
    const names = this.#state.groups.get(group) ?? [];
    return [...names].flatMap((name) => this.topic(name) ?? []);
  }

  /** On each new connection of the reading side: reads everything again. */
  async openReader(): Promise<void> {
    await declareCatalog(this.#reading, this.#config);
    this.#fresh = newState();
    const reader = await this.#reading.channel();
    await reader.prefetch(prefetch);
    await this.#follow(reader, this.#fresh);
    if (this.#writing.isOpen && this.#writing.blocked === undefined) await this.#catchUp();
  }

  /** On each new connection of the writing side. Then all is read that was there before. */
  async openWriter(): Promise<void> {
    this.#writer = await this.#writing.confirmChannel();
    await this.#reading.whenOpen(this.#config.connectTimeoutMs);
    await this.#catchUp();
  }

  async #catchUp(): Promise<void> {
    const fresh = this.#fresh;
    await this.#append({});
    this.#state = fresh;
  }

  /** Or its missing partitions. Throws BrokerError 'misconfigured' where it is kept otherwise. */
  async addTopic({ name, partitions, kept }: TopicSpec): Promise<void> {
    if ((this.topic(name)?.partitions ?? 0) < partitions) {
      await this.#append({ topic: name, partitions, kept: kept ?? false });
    }
    const isKept = this.known(name).kept ?? false;
    if (isKept === (kept ?? isKept)) return;
    const message = `Topic ${name} is ${isKept ? 'kept' : 'read by groups'}, which cannot change`;
    throw new BrokerError('misconfigured', message);
  }

  async addGroup(group: string, topic: string): Promise<void> {
    if (!this.#state.groups.get(group)?.has(topic)) await this.#append({ group, topic });
  }

  async #follow(reader: Channel, state: State): Promise<void> {
    await reader.consume(
      catalogQueue,
      (message) => {
        if (!message) return;
        apply(state, JSON.parse(message.content.toString()) as CatalogRecord);
        reader.ack(message);
        this.#echoes.get(String(message.properties.messageId))?.();
      },
      { arguments: { 'x-stream-offset': 'first' } },
    );
  }

  /** Resolves when the reader has seen it, and so everything before it. */
  async #append(record: CatalogRecord): Promise<void> {
    const writer = this.#writer;
    if (!writer) throw disconnected(this.#writing.trouble);
    const messageId = randomUUID();
    const echo = new Promise<void>((resolve) => this.#echoes.set(messageId, resolve));
    try {
      const content = Buffer.from(JSON.stringify(record));
      const confirmed = new Promise<void>((resolve, reject) => {
        const options = { persistent: true, messageId };
        writer.sendToQueue(catalogQueue, content, options, (e) => (e ? reject(e) : resolve()));
      });
      await withTimeout(Promise.all([confirmed, echo]), echoMs, 'To note it in the catalog');
    } finally {
      this.#echoes.delete(messageId);
    }
  }
}

function newState(): State {
  return { topics: new Map(), groups: new Map() };
}

function apply(state: State, record: CatalogRecord): void {
  if ('partitions' in record) {
    const { topic, partitions, kept } = record;
    const found = state.topics.get(topic as string);
    const most = Math.max(partitions as number, found?.partitions ?? 0);
    state.topics.set(topic as string, { partitions: most, kept: found?.kept ?? !!kept });
  } else if ('group' in record) {
    const topics = state.groups.get(record.group as string) ?? new Set();
    state.groups.set(record.group as string, topics.add(record.topic as string));
  }
}
