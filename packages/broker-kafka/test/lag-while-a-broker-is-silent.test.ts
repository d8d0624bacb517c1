import { type KafkaServers, startKafka } from '@spillway/native';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createKafkaBroker } from '../src/index.ts';
import { optionsOf } from './options.ts';

/** Longer than the test may take: whoever waits for the silent broker fails. */
const requestTimeoutMs = 600_000;
const topic = 'lag';
const messages = 4;
let kafka: KafkaServers;

beforeAll(async () => {
  kafka = await startKafka({ brokers: 3 });
}, 240_000);

afterAll(() => kafka?.remove());

it('tells the lag of the partitions that other brokers lead', { timeout: 240_000 }, async () => {
  const options = optionsOf(kafka.bootstrap, 'platformatic', { requestTimeoutMs });
  const broker = createKafkaBroker(options);
  await broker.start();
  await broker.ensureTopics([{ name: topic, partitions: 3 }]);
  for (const partition of [0, 1, 2]) {
    const message = { topic, partition, key: '', value: [Buffer.from('one')], headers: {} };
    const outcomes = await broker.publish(Array.from({ length: messages }, () => message));
    expect(outcomes.every(({ status }) => status === 'durable')).toBe(true);
  }
  const groups = Array.from({ length: 12 }, (_, n) => `group-${n}`);
  // Their coordinators are known then, and there is a connection to each broker.
  for (const group of groups) {
    const lag = await broker.lag(group, [topic]);
    expect(lag.map((partition) => partition.messages)).toEqual([messages, messages, messages]);
  }
  const [server] = kafka.servers;
  server?.pause();
  try {
    const readings = await Promise.allSettled(groups.map((group) => broker.lag(group, [topic])));
    // A group whose coordinator is silent is not known at all.
    const known = readings.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    expect(known.length).toBeGreaterThan(0);
    for (const lag of known) {
      const counts = lag.map((partition) => partition.messages);
      expect(counts.filter((count) => count === messages)).toHaveLength(2);
      expect(counts.filter((count) => count === null)).toHaveLength(1);
    }
  } finally {
    server?.resume();
  }
  await broker.stop();
});
