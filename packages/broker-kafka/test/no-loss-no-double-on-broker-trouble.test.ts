import { alterPartitionReassignmentsV0 } from '@platformatic/kafka';
import { until } from '@spillway/test-support/until';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { Load, leaderOf } from './load.ts';
import { ProducerLab, partitions, publish } from './producer-lab.ts';

/** Of what waits for brokers that start, on however busy a machine. */
const slow = { timeout: 240_000 };
let lab: ProducerLab;

beforeAll(async () => {
  lab = await ProducerLab.open();
});
afterEach(() => lab?.reset());
afterAll(() => lab?.close());

test('each broker killed in turn under load: all is durable, once and in order', slow, async () => {
  const usual = await lab.makeTopic();
  const strict = await lab.makeTopic({ 'min.insync.replicas': '3' });
  const producer = await lab.start();
  const load = new Load(producer, usual, partitions);
  // Takes nothing while a broker is missing.
  const patient = new Load(producer, strict, partitions);
  await Promise.all([load.flows(60), patient.flows(60)]);
  for (const server of lab.kafka.servers) {
    await server.kill();
    await load.flows(60);
    await server.start();
    await patient.flows(60);
  }
  await Promise.all([load.stop(), patient.stop()]);
  expect(await load.check(lab.client)).toMatchObject({ refused: 0, unknown: 0 });
  expect(await patient.check(lab.client)).toMatchObject({ refused: 0, unknown: 0 });
});

test('leaders that move under load: all is durable, once and in order', slow, async () => {
  const topic = await lab.makeTopic();
  const load = new Load(await lab.start(), topic, partitions);
  await load.flows(60);
  for (const replicas of [[1], [2, 3], [3, 1], [1, 2, 3]]) {
    await moveTo(topic, replicas);
    await load.flows(60);
  }
  await load.stop();
  expect(await load.check(lab.client)).toMatchObject({ refused: 0, unknown: 0 });
});

test(
  'a broker that stands still, then goes on: all is durable, once and in order',
  slow,
  async () => {
    const topic = await lab.makeTopic();
    const load = new Load(await lab.start(), topic, partitions);
    await load.flows(60);
    const [server] = lab.kafka.servers;
    server?.pause();
    try {
      await load.flows(120);
    } finally {
      server?.resume();
    }
    await load.flows(120);
    await load.stop();
    expect(await load.check(lab.client)).toMatchObject({ refused: 0, unknown: 0 });
  },
);

test('connections cut in the midst of requests and answers: once and in order', slow, async () => {
  const topic = await lab.makeTopic();
  const load = new Load(await lab.start({ proxied: true }), topic, partitions);
  await load.flows(60);
  for (let round = 0; round < 12; round += 1) {
    // Every other time the brokers take what was sent, and nobody hears of it.
    if (round % 2 === 0) for (const proxy of lab.proxies) proxy.set('deafen', { open: true });
    await new Promise((resolve) => setTimeout(resolve, 40));
    for (const proxy of lab.proxies) {
      proxy.cut();
      proxy.set('pass', { open: false });
    }
    await load.flows(12);
  }
  await load.stop();
  expect(await load.check(lab.client)).toMatchObject({ refused: 0, unknown: 0 });
  expect(lab.events).toContainEqual(expect.objectContaining({ type: 'leader-lost' }));
});

test('all brokers start anew: it goes on by itself', slow, async () => {
  const topic = await lab.makeTopic();
  const producer = await lab.start();
  expect(await publish(producer, topic, [1])).toEqual(['durable']);
  await Promise.all(lab.kafka.servers.map((server) => server.kill()));
  const waiting = publish(producer, topic, [2]);
  await until(() => !producer.health().ok);
  await Promise.all(lab.kafka.servers.map((server) => server.start()));
  expect(await waiting).toEqual(['durable']);
  expect(producer.health().ok).toBe(true);
  expect(await lab.numbersIn(topic)).toEqual([1, 2]);
});

async function moveTo(topic: string, replicas: number[]): Promise<void> {
  const moved = Array.from({ length: partitions }, (_, partitionIndex) => ({
    partitionIndex,
    replicas,
  }));
  const request = [{ name: topic, partitions: moved }];
  await lab.connections.askAny(alterPartitionReassignmentsV0.api, 10_000, true, request);
  await until(async () => {
    const leader = await leaderOf(lab.client, topic, 0);
    return replicas.includes(leader);
  });
}
