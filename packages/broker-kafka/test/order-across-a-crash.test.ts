/** What a killed producer left on its way never lands behind what its next life publishes. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type KafkaServers, startKafka } from '@spillway/native';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { PlatformaticClient } from '../src/platformatic/client.ts';
import { createOwnProducer, type ProduceEvent, type ProducePort } from '../src/producer.ts';
import { leaderOf, numbered, readLog } from './load.ts';
import { fileIdentities, ProducerProcess } from './producer-process.ts';
import { TcpProxy } from './tcp-proxy.ts';

const security = { tls: undefined, sasl: undefined, named: false };
const network = { clientId: 'test', security, connectTimeoutMs: 2_000, requestTimeoutMs: 3_000 };
let kafka: KafkaServers;
let client: PlatformaticClient;
let proxy: TcpProxy;
let reached: number;
let dir: string;
let topics = 0;
const events: ProduceEvent[] = [];
const closing: (() => Promise<void>)[] = [];

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'identities-'));
  // A leader forgets a producer that was silent for so long.
  const forgetful = {
    'producer.id.expiration.ms': '3000',
    'producer.id.expiration.check.interval.ms': '500',
  };
  kafka = await startKafka({ config: forgetful });
  const { bootstrap } = kafka;
  client = new PlatformaticClient({ ...network, bootstrap, messageBytesMax: 1_048_576 });
  proxy = new TcpProxy(kafka.bootstrap[0] as string);
  reached = await proxy.listen();
});

afterEach(async () => {
  proxy.set('pass', { open: true });
  proxy.cut();
  for (const close of closing.splice(0).reverse()) await close();
  events.length = 0;
});

afterAll(async () => {
  await proxy?.close();
  await client?.close();
  await kafka?.remove();
  await rm(dir, { recursive: true });
});

test('killed with a produce on its way: the late bytes are rejected', async () => {
  const { topic, identityFile } = await dieWithTwoOnItsWay();
  const next = await start(identityFile);
  // What is drained first, and something new.
  expect(await publish(next, topic, [2, 3])).toEqual(['durable', 'durable']);
  expect(await publish(next, topic, [4])).toEqual(['durable']);
  await arriveLate();
  expect(await publish(next, topic, [5])).toEqual(['durable']);
  expect(await numbersIn(topic)).toEqual([1, 2, 3, 4, 5]);
  expect(events).toEqual([]);
});

test('late bytes that arrive before anything new keep their place', async () => {
  const { topic, identityFile } = await dieWithTwoOnItsWay();
  await arriveLate();
  const next = await start(identityFile);
  expect(await publish(next, topic, [2, 3])).toEqual(['durable', 'durable']);
  // Once more, from the spill: a duplicate, dropped by its id. Never behind what follows it.
  expect(await numbersIn(topic)).toEqual([1, 2, 2, 3]);
});

test('an id that the leader has forgotten goes on', async () => {
  const topic = await makeTopic();
  const identityFile = join(dir, topic);
  const first = await start(identityFile);
  expect(await publish(first, topic, [1])).toEqual(['durable']);
  await first.stop();
  await new Promise((resolve) => setTimeout(resolve, 4_500));
  const next = await start(identityFile);
  expect(await publish(next, topic, [2])).toEqual(['durable']);
  await Promise.all([3, 4, 5].map((number) => publish(next, topic, [number])));
  expect(await numbersIn(topic)).toEqual([1, 2, 3, 4, 5]);
});

/** 1 is acknowledged; 2 is written to a socket, and its process is gone. */
async function dieWithTwoOnItsWay() {
  const topic = await makeTopic();
  const identityFile = join(dir, topic);
  const child = await ProducerProcess.start({
    bootstrap: [`127.0.0.1:${reached}`],
    reached,
    identityFile,
    topic,
  });
  closing.push(() => child.kill());
  child.publish(1);
  expect(await child.outcome()).toBe('durable');
  proxy.set('hold', { open: true });
  child.publish(2);
  await expect.poll(() => proxy.held, { timeout: 10_000 }).toBeGreaterThan(100);
  await child.kill();
  proxy.set('pass', { open: false });
  return { topic, identityFile };
}

async function arriveLate(): Promise<void> {
  const before = proxy.lateAnswers;
  expect(proxy.release()).toBeGreaterThan(100);
  await expect.poll(() => proxy.lateAnswers, { timeout: 10_000 }).toBeGreaterThan(before);
}

async function start(identityFile: string): Promise<ProducePort> {
  const producer = createOwnProducer({
    ...network,
    bootstrap: kafka.bootstrap,
    deliveryTimeoutMs: 20_000,
    messageBytesMax: 1_048_576,
    identities: fileIdentities(identityFile),
    report: (event) => events.push(event),
  });
  closing.push(() => producer.stop());
  await producer.start();
  return producer;
}

async function makeTopic(): Promise<string> {
  topics += 1;
  const topic = `crash-${topics}`;
  await client.cluster([]);
  await client.createTopics([{ name: topic, partitions: 1, replicationFactor: 1, settings: {} }]);
  await expect.poll(() => leaderOf(client, topic, 0), { timeout: 10_000 }).toBeGreaterThan(0);
  return topic;
}

async function publish(producer: ProducePort, topic: string, numbers: readonly number[]) {
  const messages = numbers.map((number) => numbered(topic, 0, number));
  return (await producer.publish(messages)).map(({ status }) => status);
}

async function numbersIn(topic: string): Promise<number[]> {
  const log = await readLog(client, topic, 0);
  return log.map(({ headers }) => Number(headers.number));
}
