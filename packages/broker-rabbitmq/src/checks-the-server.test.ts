import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect } from 'amqplib';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { TestRabbitMq } from '../test/test-rabbitmq.ts';

let rabbitmq: TestRabbitMq;

beforeAll(async () => {
  rabbitmq = await TestRabbitMq.open();
});
afterEach(() => rabbitmq?.reset());
afterAll(() => rabbitmq?.close());

test('what is weaker than declared is found by name', async () => {
  const specs = [{ name: 'weak', partitions: 2, groups: ['weak-readers'] }];
  const broker = await rabbitmq.start();
  expect(await broker.inspect(specs)).toEqual([]);
  const connection = await connect(rabbitmq.url);
  const channel = await connection.createChannel();
  await channel.assertQueue('weak/0/weak-readers', { durable: true });
  await channel.assertQueue('weak/1/weak-readers', { durable: false });
  await connection.close();
  const limit = 'application:set_env(rabbit, max_message_size, 1000000).';
  await rabbitmq.control('eval', limit);
  try {
    const found = await broker.inspect(specs);
    const told = found.map(({ name, key, got }) => `${name} ${key} ${got}`);
    expect(told).toContainEqual(expect.stringMatching(/^fsync x-queue-type .* on weak\/0\/weak-r/));
    expect(told).toContainEqual(
      expect.stringMatching(/^fsync durable .* on weak\/1\/weak-readers/),
    );
    expect(told.at(-1)).toBe('message-limit broker.rabbitmq.messageBytesMax 1000000');
    expect(broker.health().ok).toBe(true);
  } finally {
    await rabbitmq.control('eval', limit.replace('1000000', '134217728'));
  }
}, 120_000);

test('TLS: the certificate of the server and our password are both checked', async () => {
  const { username, password } = new URL(rabbitmq.url);
  const urls = [`amqps://localhost:${rabbitmq.tlsPort}`];
  const passwordFile = join(rabbitmq.folder, 'password');
  await writeFile(passwordFile, `${password}\n`);
  const connectTimeoutMs = 2_000;
  const login = { urls, username, passwordFile, connectTimeoutMs };
  const tls = { caFile: join(rabbitmq.folder, 'server.pem') };
  const broker = await rabbitmq.start({ ...login, tls });
  expect(broker.health().ok).toBe(true);
  await expect(rabbitmq.start({ ...login, tls: {} })).rejects.toThrow(/certificate/);
  await writeFile(passwordFile, 'wrong');
  await expect(rabbitmq.start({ ...login, tls })).rejects.toThrow(/ACCESS_REFUSED/);
}, 120_000);
