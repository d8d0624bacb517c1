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
} from '@spillway/broker';
import { waitAtMost } from '@spillway/resilience';
import { Groups } from './admin/groups.ts';
import { inspectTopics } from './admin/inspect.ts';
import { LagReader } from './admin/lag.ts';
import { checkName, ensureTopics } from './admin/topics.ts';
import type { KafkaClient } from './client.ts';
import type { KafkaBrokerOptions } from './config.ts';
import { Consumer } from './consumer.ts';
import { type Driver, openDriver } from './driver.ts';
import { Logs, latestMs, unknownTopic } from './logs.ts';
import type { ProducePort } from './producer.ts';
import { readLog } from './read.ts';
import { positionAt, replayGroup } from './replay.ts';
import { readSecurity } from './security.ts';

/** What exists between start and stop. */
interface Running {
  driver: Driver;
  client: KafkaClient;
  logs: Logs;
  producer: ProducePort;
  lag: LagReader;
  groups: Groups;
}

const readBytes = 1024 * 1024;

/** The broker port on Apache Kafka 2.7 and later. */
export class KafkaBroker implements Broker {
  readonly name = 'kafka';
  readonly capabilities: BrokerCapabilities;
  readonly #options: KafkaBrokerOptions;
  readonly #consumers = new Set<Consumer>();
  /** Ends of logs that a `read` is asking for: what is published later lies behind them. */
  readonly #ends = new Set<Promise<unknown>>();
  /** Publishes that wait for these. */
  #waiting = 0;
  #turn: Promise<unknown> = Promise.resolve();
  #running: Running | undefined;

  constructor(options: KafkaBrokerOptions) {
    this.#options = options;
    // KafkaJS goes on with the next batch of a call behind one that it gave up.
    const keepsPrefix = options.driver === 'platformatic';
    this.capabilities = { canReplay: true, keepsPrefix };
  }

  /** Rejects with KafkaError where no broker answers in good time, or the login is refused. */
  async start(): Promise<void> {
    const security = await readSecurity(this.#options);
    const driver = openDriver(this.#options, security);
    const client = driver.connect();
    const logs = new Logs({ client, patienceMs: this.#options.requestTimeoutMs });
    const producer = driver.producer(async (topic) => {
      const known = await logs.partitionsOf(topic).catch((error) => {
        if (error instanceof BrokerError) return [];
        throw error;
      });
      return known.length;
    });
    try {
      await logs.retryUntilDone(() => client.cluster([]));
      await producer.start();
    } catch (error) {
      await Promise.allSettled([producer.stop(), client.close()]);
      throw error;
    }
    const lag = new LagReader({ client, logs, clock: Date.now });
    this.#running = { driver, client, logs, producer, lag, groups: new Groups({ client, logs }) };
  }

  async stop(): Promise<void> {
    const running = this.#running;
    if (running === undefined) return;
    this.#running = undefined;
    await running.producer.stop();
    await Promise.all([...this.#consumers].map((consumer) => consumer.close()));
    running.logs.close();
    await running.client.close();
  }

  health(): { ok: boolean; detail: string } {
    if (this.#running === undefined) return { ok: false, detail: 'not running' };
    const produce = this.#running.producer.health();
    if (!produce.ok) return produce;
    const troubles = [...this.#consumers].flatMap(({ trouble }) => trouble ?? []);
    return { ok: troubles.length === 0, detail: troubles[0] ?? 'running' };
  }

  async inspect(topics: readonly TopicSpec[]): Promise<SafetyFinding[]> {
    const { client, logs } = this.#started();
    return await inspectTopics(topics, { client, logs, section: this.#options });
  }

  async ensureTopics(topics: readonly TopicSpec[]): Promise<void> {
    const { client, logs, groups } = this.#started();
    const report = this.#options.report ?? (() => {});
    await ensureTopics(topics, { client, logs, section: this.#options, report });
    groups.learn(topics.map(({ name }) => name));
  }

  async topics(): Promise<TopicSpec[]> {
    const { logs } = this.#started();
    const { topics } = await logs.retryUntilDone(() => logs.view(undefined));
    return [...topics].map(([name, { partitions }]) => ({ name, partitions: partitions.length }));
  }

  async publish(
    messages: readonly OutgoingMessage[],
    abort?: AbortSignal,
  ): Promise<PublishOutcome[]> {
    if (this.#ends.size > 0 || this.#waiting > 0) {
      this.#waiting += 1;
      this.#turn = this.#turn.then(() => Promise.allSettled(this.#ends));
      await waitAtMost(this.#turn, { abort });
      this.#waiting -= 1; // Nothing between here and the producer: the order is that of the calls.
    }
    if (this.#running !== undefined) return await this.#running.producer.publish(messages, abort);
    const message = 'The broker is not running';
    return messages.map(() => ({
      status: 'refused',
      code: 'not-running',
      retryable: true,
      message,
    }));
  }

  async subscribe(options: SubscribeOptions): Promise<Subscription> {
    const { driver, logs, groups } = this.#started();
    checkName(options.group);
    const topics = [...new Set(options.topics)];
    const view = await logs.retryUntilDone(() => logs.view(topics));
    const unknown = topics.find((topic) => !view.topics.has(topic));
    if (unknown !== undefined) throw unknownTopic(unknown);
    groups.learn(topics);
    const consumer = new Consumer({
      ...options,
      topics,
      section: this.#options,
      connect: (waitMs) => driver.connect(waitMs),
      onClose: () => this.#consumers.delete(consumer),
      report: this.#options.report ?? (() => {}),
    });
    this.#consumers.add(consumer);
    await consumer.start();
    return consumer;
  }

  async lag(group: string, topics: readonly string[] = []): Promise<PartitionLag[]> {
    const running = [...this.#consumers].filter((one) => one.group === group);
    const read = running.flatMap((one) => one.topics);
    return await this.#started().lag.read(group, [...read, ...topics]);
  }

  async groups(): Promise<string[]> {
    return await this.#started().groups.list();
  }

  async replay(group: string, topic: string, from: ReplayFrom): Promise<void> {
    const { client, logs } = this.#started();
    checkName(group);
    await replayGroup(group, { topic, from }, { client, logs });
  }

  read(
    from: Position,
    { bytesMax = readBytes, abort }: ReadOptions = {},
  ): AsyncIterable<DeliveredMessage> {
    const { client, logs } = this.#started();
    const { topic, partition } = from;
    const end = logs.offset({ topic, partition, timestampMs: latestMs });
    this.#ends.add(end);
    end.catch(() => {}).finally(() => this.#ends.delete(end));
    return readLog(from, { client, logs, end, bytesMax, abort });
  }

  async positionAt(partition: TopicPartition, timestampMs: number): Promise<number> {
    return await positionAt(partition, Math.max(0, timestampMs), this.#started().logs);
  }

  #started(): Running {
    if (this.#running === undefined) {
      throw new BrokerError('not-running', 'The broker is not running');
    }
    return this.#running;
  }
}
