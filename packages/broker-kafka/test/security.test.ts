/** TLS and logins against a real Kafka that takes nothing else, with either client library. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { type KafkaClientSecurity, type KafkaServers, startKafka } from '@spillway/native';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createKafkaBroker, kafkaSection } from '../src/index.ts';

let kafka: KafkaServers;
let security: KafkaClientSecurity;
let dir: string;

beforeAll(async () => {
  kafka = await startKafka({ security: 'sasl_ssl' });
  security = kafka.security as KafkaClientSecurity;
  dir = await mkdtemp(join(tmpdir(), 'kafka-security-'));
});

afterAll(async () => {
  await kafka?.remove();
  await rm(dir, { recursive: true });
});

describe.for(['platformatic', 'kafkajs'] as const)('over %s', (driver) => {
  test.for(['plain', 'scram-sha-256', 'scram-sha-512'] as const)(
    'a login by %s publishes and reads',
    async (mechanism) => {
      const broker = createBroker({ sasl: { mechanism } });
      await broker.start();
      const topic = `secured-${driver}-${mechanism}`;
      await broker.ensureTopics([{ name: topic, partitions: 1 }]);
      const value = [Buffer.from('kept secret')];
      const [outcome] = await broker.publish([
        { topic, partition: 0, key: 'k', value, headers: {} },
      ]);
      expect(outcome?.status).toBe('durable');
      const member = await broker.subscribe({ group: `g-${topic}`, topics: [topic] });
      const { signal } = new AbortController();
      const [message] = await member.poll({ bytesMax: 1_000, waitMs: 10_000, abort: signal });
      expect(message?.value.toString()).toBe('kept secret');
      await member.commit(message === undefined ? [] : [message]);
      await broker.stop();
    },
  );

  test('the password may come from a file', async () => {
    const passwordFile = join(dir, 'password');
    await writeFile(passwordFile, `${security.password}\n`);
    const broker = createBroker({ sasl: { password: undefined, passwordFile } });
    await broker.start();
    await broker.stop();
  });

  test.for(['plain', 'scram-sha-512'] as const)(
    'a wrong password for %s is told as what it is',
    async (mechanism) => {
      const broker = createBroker({ sasl: { mechanism, password: 'wrong' } });
      await expect(broker.start()).rejects.toMatchObject({
        code: 'login',
        message: expect.stringContaining('broker.kafka.sasl'),
      });
      await broker.stop();
    },
  );

  test('a broker that another authority vouches for is not trusted', async () => {
    const caFile = join(dir, 'other-ca.pem');
    await writeFile(caFile, rootCertificates[0] as string);
    const broker = createBroker({ tls: { caFile } });
    await expect(broker.start()).rejects.toMatchObject({
      code: 'certificate',
      message: expect.stringContaining('broker.kafka.tls'),
    });
    await broker.stop();
  });

  test('a file that is missing is named', async () => {
    const broker = createBroker({ tls: { caFile: join(dir, 'nowhere.pem') } });
    await expect(broker.start()).rejects.toMatchObject({
      code: 'config',
      message: expect.stringMatching(/broker\.kafka\.tls\.caFile.*nowhere\.pem/),
    });
  });

  function createBroker({ tls = {}, sasl = {} }: { tls?: object; sasl?: object }) {
    const { caFile, username, password } = security;
    const section = kafkaSection.parse({
      driver,
      bootstrap: kafka.bootstrap,
      replicationFactor: 1,
      minInsyncReplicas: 1,
      tls: { enabled: true, caFile, ...tls },
      sasl: { mechanism: 'plain', username, password, ...sasl },
    });
    return createKafkaBroker({ ...section, clientId: 'security' });
  }
});
