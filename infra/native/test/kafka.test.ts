import { readFile } from 'node:fs/promises';
import { type KafkaServers, startKafka } from '@spillway/native';
import { Kafka, logLevel, type SASLOptions } from 'kafkajs';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { expectEnded } from './processes.ts';

let kafka: KafkaServers;

beforeAll(async () => {
  kafka = await startKafka({ brokers: 3, security: 'sasl_ssl' });
});
afterAll(() => kafka?.remove());

type Mechanism = 'plain' | 'scram-sha-256' | 'scram-sha-512';

async function clientWith(mechanism: Mechanism, password?: string): Promise<Kafka> {
  const { security } = kafka;
  if (security === undefined) throw new Error('no security');
  const login = { username: security.username, password: password ?? security.password };
  return new Kafka({
    brokers: kafka.bootstrap,
    ssl: { ca: [await readFile(security.caFile)] },
    sasl: { mechanism, ...login } as SASLOptions,
    logLevel: logLevel.NOTHING,
    retry: { retries: password === undefined ? 10 : 0 },
  });
}

test.each<Mechanism>(['plain', 'scram-sha-256', 'scram-sha-512'])(
  'over TLS, %s lets in who knows the password',
  async (mechanism) => {
    const admin = (await clientWith(mechanism)).admin();
    await admin.connect();
    expect((await admin.describeCluster()).brokers).toHaveLength(3);
    await admin.disconnect();
    const stranger = (await clientWith(mechanism, 'wrong')).admin();
    await expect(stranger.connect()).rejects.toThrow(/SASL|[Aa]uthentication/);
    await stranger.disconnect();
  },
);

test('all replicas keep what was acknowledged, through a kill of its leader', async () => {
  const client = await clientWith('plain');
  const admin = client.admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic: 'kept', numPartitions: 1 }], waitForLeaders: true });
  const producer = client.producer();
  await producer.connect();
  const messages = [{ key: 'key', value: 'value' }];
  await producer.send({ topic: 'kept', messages, acks: -1 });
  const { topics } = await admin.fetchTopicMetadata({ topics: ['kept'] });
  const [partition] = topics[0]?.partitions ?? [];
  expect(partition?.replicas.toSorted()).toEqual([1, 2, 3]);
  const leader = kafka.servers[(partition?.leader ?? 0) - 1];
  if (leader === undefined) throw new Error('no leader');
  const { pid } = leader;
  await leader.kill();
  await expectEnded([pid]);
  // Until the cluster has given the killed one up, it still names it as the leader.
  await vi.waitFor(() => producer.send({ topic: 'kept', messages, acks: -1 }), {
    timeout: 30_000,
    interval: 200,
  });
  await leader.start();
  const offsets = await admin.fetchTopicOffsets('kept');
  expect(Number(offsets[0]?.high)).toBeGreaterThanOrEqual(2);
  await producer.disconnect();
  await admin.disconnect();
});

test('its removal ends every broker', async () => {
  const pids = kafka.servers.map(({ pid }) => pid);
  await kafka.remove();
  await expectEnded(pids);
});
