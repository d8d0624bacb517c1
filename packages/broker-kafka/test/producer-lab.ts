import { type KafkaServers, startKafka } from '@spillway/native';
import { until } from '@spillway/test-support/until';
import { PlatformaticClient } from '../src/platformatic/client.ts';
import { Connections } from '../src/platformatic/connections.ts';
import {
  createOwnProducer,
  type OwnProducerOptions,
  type ProduceEvent,
  type ProducePort,
} from '../src/producer.ts';
import { leaderOf, numbered, readLog } from './load.ts';
import { TcpProxy } from './tcp-proxy.ts';

export const partitions = 3;
const security = { tls: undefined, sasl: undefined, named: false };
const timeouts = { connectTimeoutMs: 2_000, requestTimeoutMs: 3_000 };

/** Three brokers, each also behind a proxy, and producers on them. */
export class ProducerLab {
  readonly kafka: KafkaServers;
  readonly client: PlatformaticClient;
  readonly connections: Connections;
  /** One for each broker. */
  readonly proxies: TcpProxy[] = [];
  /** What all producers reported since the last `reset`. */
  readonly events: ProduceEvent[] = [];
  /** The port of the proxy, by that of the broker. */
  readonly #ports = new Map<number, number>();
  readonly #producers: ProducePort[] = [];
  #topics = 0;

  private constructor(kafka: KafkaServers) {
    this.kafka = kafka;
    const options = { bootstrap: kafka.bootstrap, clientId: 'test', security, ...timeouts };
    this.client = new PlatformaticClient({ ...options, messageBytesMax: 1_048_576 });
    this.connections = new Connections(options);
  }

  static async open(): Promise<ProducerLab> {
    const lab = new ProducerLab(await startKafka({ brokers: 3 }));
    for (const { address } of lab.kafka.servers) {
      const proxy = new TcpProxy(address);
      lab.proxies.push(proxy);
      lab.#ports.set(Number(address.split(':')[1]), await proxy.listen());
    }
    return lab;
  }

  /** On all three brokers. */
  async makeTopic(settings: Record<string, string> = {}): Promise<string> {
    this.#topics += 1;
    const name = `trouble-${this.#topics}`;
    await until(async () => (await this.client.cluster([])).nodes.length === 3);
    await this.client.createTopics([{ name, partitions, replicationFactor: 3, settings }]);
    await until(async () => (await leaderOf(this.client, name, partitions - 1)) > 0);
    return name;
  }

  async start({
    proxied,
    ...rest
  }: Partial<OwnProducerOptions> & { proxied?: boolean } = {}): Promise<ProducePort> {
    const producer = createOwnProducer({
      bootstrap: this.kafka.bootstrap,
      clientId: 'test',
      security,
      ...timeouts,
      deliveryTimeoutMs: 40_000,
      messageBytesMax: 1_048_576,
      report: (event) => this.events.push(event),
      ...(proxied && {
        reach: ({ host, port }) => ({ host, port: this.#ports.get(port) as number }),
      }),
      ...rest,
    });
    this.#producers.push(producer);
    await producer.start();
    return producer;
  }

  /** What lies in the topic's first partition, in order. */
  async numbersIn(topic: string): Promise<number[]> {
    const log = await readLog(this.client, topic, 0);
    return log.map(({ headers }) => Number(headers.number));
  }

  /** Ends the producers, and lets everything pass again. */
  async reset(): Promise<void> {
    for (const proxy of this.proxies) {
      proxy.set('pass', { open: true });
      proxy.cut();
    }
    await Promise.all(this.#producers.splice(0).map((producer) => producer.stop()));
    this.events.length = 0;
  }

  async close(): Promise<void> {
    for (const proxy of this.proxies) await proxy.close();
    await this.connections.close();
    await this.client.close();
    await this.kafka.remove();
  }
}

/** To the topic's first partition; returns what became of each. */
export async function publish(
  producer: ProducePort,
  topic: string,
  numbers: readonly number[],
  bytes?: number,
): Promise<string[]> {
  const messages = numbers.map((number) => numbered(topic, 0, number, bytes));
  return (await producer.publish(messages)).map(({ status }) => status);
}
