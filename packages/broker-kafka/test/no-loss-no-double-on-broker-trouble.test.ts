import { alterPartitionReassignmentsV0 } from '@platformatic/kafka';
import { type KafkaServers, startKafka } from '@spillway/native';
import { until } from '@spillway/test-support/until';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { PlatformaticClient } from '../src/platformatic/client.ts';
import { Connections } from '../src/platformatic/connections.ts';
import {
  createOwnProducer,
  type OwnProducerOptions,
  type ProduceEvent,
  type ProducePort,
} from '../src/producer.ts';
import { Load, leaderOf, numbered, readLog } from './load.ts';
import { TcpProxy } from './tcp-proxy.ts';

const security = { tls: undefined, sasl: undefined, named: false };
const partitions = 3;
/** Of what waits for brokers that start, on however busy a machine. */
const slow = { timeout: 240_000 };
const timeouts = { connectTimeoutMs: 2_000, requestTimeoutMs: 3_000 };

let kafka: KafkaServers;
let client: PlatformaticClient;
let connections: Connections;
const proxies = new Map<number, TcpProxy>();
const reached = new Map<number, number>();
const producers: ProducePort[] = [];
const events: ProduceEvent[] = [];
let topics = 0;

beforeAll(async () => {
  kafka = await startKafka({ brokers: 3 });
  const options = { bootstrap: kafka.bootstrap, clientId: 'test', security, ...timeouts };
  client = new PlatformaticClient({ ...options, messageBytesMax: 1_048_576 });
  connections = new Connections(options);
  for (const { address } of kafka.servers) {
    const proxy = new TcpProxy(address);
    const port = Number(address.split(':')[1]);
    proxies.set(port, proxy);
    reached.set(port, await proxy.listen());
  }
});

afterEach(async () => {
  for (const proxy of proxies.values()) {
    proxy.set('pass', { open: true });
    proxy.cut();
  }
  await Promise.all(producers.splice(0).map((producer) => producer.stop()));
  events.length = 0;
});

afterAll(async () => {
  for (const proxy of proxies.values()) await proxy.close();
  await connections?.close();
  await client?.close();
  await kafka?.remove();
});

test('each broker killed in turn under load: all is durable, once and in order', slow, async () => {
  const usual = await makeTopic();
  const strict = await makeTopic({ 'min.insync.replicas': '3' });
  const producer = await start();
  const load = new Load(producer, usual, partitions);
  // Takes nothing while a broker is missing.
  const patient = new Load(producer, strict, partitions);
  await Promise.all([load.flows(60), patient.flows(60)]);
  for (const server of kafka.servers) {
    await server.kill();
    await load.flows(60);
    await server.start();
    await patient.flows(60);
  }
  await Promise.all([load.stop(), patient.stop()]);
  expect(await load.check(client)).toMatchObject({ refused: 0, unknown: 0 });
  expect(await patient.check(client)).toMatchObject({ refused: 0, unknown: 0 });
});

test('leaders that move under load: all is durable, once and in order', slow, async () => {
  const topic = await makeTopic();
  const load = new Load(await start(), topic, partitions);
  await load.flows(60);
  for (const replicas of [[1], [2, 3], [3, 1], [1, 2, 3]]) {
    await moveTo(topic, replicas);
    await load.flows(60);
  }
  await load.stop();
  expect(await load.check(client)).toMatchObject({ refused: 0, unknown: 0 });
});

test(
  'a broker that stands still, then goes on: all is durable, once and in order',
  slow,
  async () => {
    const topic = await makeTopic();
    const load = new Load(await start(), topic, partitions);
    await load.flows(60);
    const [server] = kafka.servers;
    server?.pause();
    try {
      await load.flows(120);
    } finally {
      server?.resume();
    }
    await load.flows(120);
    await load.stop();
    expect(await load.check(client)).toMatchObject({ refused: 0, unknown: 0 });
  },
);

test('connections cut in the midst of requests and answers: once and in order', slow, async () => {
  const topic = await makeTopic();
  const load = new Load(await start({ proxied: true }), topic, partitions);
  await load.flows(60);
  for (let round = 0; round < 12; round += 1) {
    // Every other time the brokers take what was sent, and nobody hears of it.
    if (round % 2 === 0) for (const proxy of proxies.values()) proxy.set('deafen', { open: true });
    await new Promise((resolve) => setTimeout(resolve, 40));
    for (const proxy of proxies.values()) {
      proxy.cut();
      proxy.set('pass', { open: false });
    }
    await load.flows(12);
  }
  await load.stop();
  expect(await load.check(client)).toMatchObject({ refused: 0, unknown: 0 });
  expect(events).toContainEqual(expect.objectContaining({ type: 'leader-lost' }));
});

test('all brokers start anew: it goes on by itself', slow, async () => {
  const topic = await makeTopic();
  const producer = await start();
  expect(await publish(producer, topic, [1])).toEqual(['durable']);
  await Promise.all(kafka.servers.map((server) => server.kill()));
  const waiting = publish(producer, topic, [2]);
  await until(() => !producer.health().ok);
  await Promise.all(kafka.servers.map((server) => server.start()));
  expect(await waiting).toEqual(['durable']);
  expect(producer.health().ok).toBe(true);
  expect(await numbersIn(topic)).toEqual([1, 2]);
});

async function makeTopic(settings: Record<string, string> = {}): Promise<string> {
  topics += 1;
  const topic = `trouble-${topics}`;
  await until(async () => (await client.cluster([])).nodes.length === 3);
  await client.createTopics([{ name: topic, partitions, replicationFactor: 3, settings }]);
  await until(async () => (await leaderOf(client, topic, partitions - 1)) > 0);
  return topic;
}

async function start(
  options: Partial<OwnProducerOptions> & { proxied?: boolean } = {},
): Promise<ProducePort> {
  const { proxied, ...rest } = options;
  const producer = createOwnProducer({
    bootstrap: kafka.bootstrap,
    clientId: 'test',
    security,
    ...timeouts,
    deliveryTimeoutMs: 40_000,
    messageBytesMax: 1_048_576,
    report: (event) => events.push(event),
    ...(proxied && {
      reach: ({ host, port }) => ({ host, port: reached.get(port) as number }),
    }),
    ...rest,
  });
  producers.push(producer);
  await producer.start();
  return producer;
}

async function publish(
  producer: ProducePort,
  topic: string,
  numbers: readonly number[],
  bytes?: number,
) {
  const messages = numbers.map((number) => numbered(topic, 0, number, bytes));
  return (await producer.publish(messages)).map(({ status }) => status);
}

async function numbersIn(topic: string): Promise<number[]> {
  const log = await readLog(client, topic, 0);
  return log.map(({ headers }) => Number(headers.number));
}

async function moveTo(topic: string, replicas: number[]): Promise<void> {
  const moved = Array.from({ length: partitions }, (_, partitionIndex) => ({
    partitionIndex,
    replicas,
  }));
  const request = [{ name: topic, partitions: moved }];
  await connections.askAny(alterPartitionReassignmentsV0.api, 10_000, true, request);
  await until(async () => {
    const leader = await leaderOf(client, topic, 0);
    return replicas.includes(leader);
  });
}
