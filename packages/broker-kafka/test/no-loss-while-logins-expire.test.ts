import { type KafkaServers, startKafka } from '@spillway/native';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PlatformaticClient } from '../src/platformatic/client.ts';
import { createOwnProducer, type ProduceEvent } from '../src/producer.ts';
import { readSecurity, type Security } from '../src/security.ts';
import { Load, leaderOf } from './load.ts';

const sessionMs = 1_500;
const partitions = 2;
let kafka: KafkaServers;
let security: Security;

beforeAll(async () => {
  // A broker closes a connection whose login is older.
  const config = { 'connections.max.reauth.ms': String(sessionMs) };
  kafka = await startKafka({ security: 'sasl_ssl', config });
  const { caFile, username, password } = kafka.security as NonNullable<KafkaServers['security']>;
  security = await readSecurity({
    bootstrap: kafka.bootstrap,
    tls: { enabled: true, caFile },
    sasl: { mechanism: 'scram-sha-256', username, password },
  });
});

afterAll(() => kafka?.remove());

test('logins that expire are renewed under load, on the connections that carry it', async () => {
  const network = { connectTimeoutMs: 5_000, requestTimeoutMs: 5_000 };
  const options = { bootstrap: kafka.bootstrap, clientId: 'test', security, ...network };
  const client = new PlatformaticClient({ ...options, messageBytesMax: 1_048_576 });
  await client.cluster([]);
  const topic = { name: 'expiring', partitions, replicationFactor: 1, settings: {} };
  await client.createTopics([topic]);
  while ((await leaderOf(client, topic.name, partitions - 1)) < 0);
  const events: ProduceEvent[] = [];
  const producer = createOwnProducer({
    ...options,
    deliveryTimeoutMs: 20_000,
    messageBytesMax: 1_048_576,
    report: (event) => events.push(event),
  });
  await producer.start();
  const load = new Load(producer, topic.name, partitions);
  const endMs = performance.now() + 4 * sessionMs;
  while (performance.now() < endMs) await load.flows(20);
  await load.stop();
  expect(await load.check(client)).toMatchObject({ refused: 0, unknown: 0 });
  expect(events).toEqual([]);
  await producer.stop();
  await client.close();
});
