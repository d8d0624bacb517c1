import {
  type Broker,
  type BrokerCapabilities,
  BrokerError,
  type DeliveredMessage,
  type OutgoingMessage,
  type PartitionLag,
  type Position,
  type PublishOutcome,
  type ReadOptions,
  type ReplayFrom,
  type SafetyFinding,
  type SubscribeOptions,
  type Subscription,
  type TopicPartition,
  type TopicSpec,
  UnsupportedError,
} from '@spillway/broker';
import { configOf, type RabbitMqConfig, type RabbitMqOptions } from './config.ts';
import { refuse } from './errors.ts';
import { Member } from './group/consumer.ts';
import { Group } from './group/group.ts';
import { lagOf } from './lag.ts';
import { checkName, checkNames } from './names.ts';
import { keptPositionAt, readKept } from './read.ts';
import { assemble, type Running } from './running.ts';
import { inspectServer } from './server/inspect.ts';
import { declareTopic, settle } from './server/topology.ts';

/**
 * Makes the broker on one or more nodes of RabbitMQ 3.10 or later. It keeps no log, so it has none
 * of the capabilities. Does no I/O before `start`.
 */
export function createRabbitMqBroker(options: RabbitMqOptions): Broker {
  return new RabbitMqBroker(configOf(options));
}

class RabbitMqBroker implements Broker {
  readonly name = 'rabbitmq';
  readonly capabilities: BrokerCapabilities = {};
  readonly #config: RabbitMqConfig;
  /** What this process asked for, to be declared again on each connection. */
  readonly #wanted = new Map<string, TopicSpec>();
  #running: Running | undefined;

  constructor(config: RabbitMqConfig) {
    this.#config = config;
  }

  async start(): Promise<void> {
    if (this.#running !== undefined) return;
    const running = this.#assemble();
    this.#running = running;
    const { reading, writing, lock, publisher } = running;
    await lock.load();
    reading.start();
    writing.start();
    try {
      await Promise.all([reading, writing].map((c) => c.whenOpen(this.#config.connectTimeoutMs)));
      await publisher.start(this.#config.beatMs);
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    const running = this.#running;
    if (running === undefined) return;
    this.#running = undefined;
    const { members, producer, publisher, writing, reading } = running;
    publisher.stop();
    await Promise.all([producer.stop(), ...[...members].map((member) => member.close())]);
    await Promise.all([writing.stop(), reading.stop()]);
  }

  health(): { ok: boolean; detail: string } {
    const running = this.#running;
    if (running === undefined) return { ok: false, detail: 'not running' };
    const { writing, reading, lock } = running;
    const closed = [writing, reading].find(({ isOpen }) => !isOpen);
    if (closed) return { ok: false, detail: `not connected: ${closed.trouble}` };
    if (writing.blocked !== undefined) return { ok: false, detail: `blocked: ${writing.blocked}` };
    if (lock.trouble !== undefined) return { ok: false, detail: lock.trouble };
    return { ok: true, detail: `connected to RabbitMQ ${writing.version}` };
  }

  async inspect(topics: readonly TopicSpec[]): Promise<SafetyFinding[]> {
    const { reading, writing } = this.#get();
    return inspectServer(topics, { reading, writing, config: this.#config });
  }

  async ensureTopics(topics: readonly TopicSpec[]): Promise<void> {
    const running = this.#get();
    for (const { name, groups } of topics) {
      checkName(name);
      for (const group of groups ?? []) checkNames(name, group);
    }
    await this.#ensure(running, topics);
    for (const spec of topics) {
      const groups = [...(this.#wanted.get(spec.name)?.groups ?? []), ...(spec.groups ?? [])];
      this.#wanted.set(spec.name, { ...spec, groups: [...new Set(groups)] });
    }
  }

  async topics(): Promise<TopicSpec[]> {
    return this.#get().catalog.topics();
  }

  async publish(
    messages: readonly OutgoingMessage[],
    abort?: AbortSignal,
  ): Promise<PublishOutcome[]> {
    if (this.#running) return this.#running.producer.publish(messages, abort);
    return messages.map(() => refuse('not-running', 'The broker is not running'));
  }

  /** A group that no `ensureTopics` named gets what is published from now on. */
  async subscribe(options: SubscribeOptions): Promise<Subscription> {
    const running = this.#get();
    const { catalog, members, reading, writing } = running;
    const { group } = options;
    const known = options.topics.map((name) => catalog.known(name));
    for (const { name, kept } of known) {
      checkNames(name, group);
      if (kept) throw new UnsupportedError(`${name} is read without a group`);
    }
    await Promise.all([reading, writing].map((c) => c.whenOpen(this.#config.connectTimeoutMs)));
    await this.ensureTopics(known.map((topic) => ({ ...topic, groups: [group] })));
    const member = new Member({
      ...options,
      config: this.#config,
      client: reading,
      shared: this.#group(running, group),
      topic: (name) => catalog.topic(name),
      declare: async (name) => {
        await declareTopic(reading, this.#config, { ...catalog.known(name), groups: [group] });
      },
      onClosed: () => members.delete(member),
    });
    members.add(member);
    await member.join();
    return member;
  }

  async lag(group: string, topics: readonly string[] = []): Promise<PartitionLag[]> {
    const running = this.#get();
    const { catalog, counts, reading: client } = running;
    const options = { config: this.#config, client, catalog, counts, topics };
    return lagOf(this.#group(running, group), options);
  }

  /** Every group that subscribed or was named when a topic was made. */
  async groups(): Promise<string[]> {
    return this.#get().catalog.groups();
  }

  async replay(_group: string, _topic: string, _from: ReplayFrom): Promise<void> {
    throw new UnsupportedError('RabbitMQ keeps nothing that a group has committed');
  }

  read(from: Position, options: ReadOptions = {}): AsyncIterable<DeliveredMessage> {
    return readKept(from, { ...this.#kept(from), ...options });
  }

  async positionAt(partition: TopicPartition, timestampMs: number): Promise<number> {
    return keptPositionAt(partition, timestampMs, this.#kept(partition));
  }

  #assemble(): Running {
    const running = assemble(this.#config);
    const { reading, writing, catalog, control, producer } = running;
    reading.onOpen(() => control.openReader());
    reading.onOpen(() => catalog.openReader());
    writing.onOpen(() => control.openWriter());
    writing.onOpen(() => catalog.openWriter());
    writing.onOpen(() => this.#ensure(running, [...this.#wanted.values()]));
    writing.onOpen(() => producer.open());
    return running;
  }

  /** Declared where the server also reads while it lacks memory or disk. */
  async #ensure({ catalog, reading }: Running, topics: readonly TopicSpec[]): Promise<void> {
    let isNew = false;
    for (const spec of topics) {
      await catalog.addTopic(spec);
      const { name, groups = [] } = spec;
      const wanted = { ...catalog.known(name), groups };
      if (await declareTopic(reading, this.#config, wanted)) isNew = true;
    }
    if (isNew) await settle();
    for (const { name, groups = [] } of topics) {
      for (const group of groups) await catalog.addGroup(group, name);
    }
  }

  #group({ groups, control }: Running, name: string): Group {
    const { memberTimeoutMs } = this.#config;
    const group = groups.get(name) ?? new Group({ name, control, memberTimeoutMs });
    groups.set(name, group);
    return group;
  }

  #kept({ topic, partition }: TopicPartition) {
    const { catalog, writing, reading } = this.#get();
    const { partitions, kept } = catalog.known(topic);
    if (!kept) throw new UnsupportedError(`${topic} is not kept: it is read by groups alone`);
    if (partition >= partitions) {
      throw new BrokerError('unknown-topic', `No topic ${topic} with partition ${partition}`);
    }
    return { writing, reading, clock: this.#config.clock };
  }

  #get(): Running {
    if (this.#running) return this.#running;
    throw new BrokerError('not-running', 'The broker is not running');
  }
}
