import { execFile } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Broker } from '@spillway/broker';
import { freePort, startRabbitMq } from '@spillway/native';
import { connect } from 'amqplib';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { createRabbitMqBroker, type RabbitMqOptions, rabbitmqSection } from './index.ts';
import { makeCertificate } from './test-tools.ts';

const run = promisify(execFile);
let rabbitmq: Awaited<ReturnType<typeof startRabbitMq>>;
const started: Broker[] = [];

let folder: string;
let tlsPort: number;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rabbitmq-tls-'));
  await chmod(folder, 0o755); // The server reads it as another user.
  await makeCertificate(folder);
  tlsPort = await freePort();
  rabbitmq = await startRabbitMq({
    config: {
      'listeners.ssl.1': `127.0.0.1:${tlsPort}`,
      'ssl_options.certfile': join(folder, 'server.pem'),
      'ssl_options.keyfile': join(folder, 'server.key'),
    },
  });
});
afterAll(async () => {
  await rabbitmq?.remove();
  await rm(folder, { recursive: true });
});
afterEach(async () => {
  await Promise.all(started.splice(0).map((broker) => broker.stop()));
});

test('what is weaker than declared is found by name', async () => {
  const specs = [{ name: 'weak', partitions: 2, groups: ['weak-readers'] }];
  const broker = await start();
  expect(await broker.inspect(specs)).toEqual([]);
  const connection = await connect(rabbitmq.url);
  const channel = await connection.createChannel();
  await channel.assertQueue('weak/0/weak-readers', { durable: true });
  await channel.assertQueue('weak/1/weak-readers', { durable: false });
  await connection.close();
  const limit = 'application:set_env(rabbit, max_message_size, 1000000).';
  await control('eval', limit);
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
    await control('eval', limit.replace('1000000', '134217728'));
  }
}, 120_000);

test('TLS: the certificate of the server and our password are both checked', async () => {
  const { username, password } = new URL(rabbitmq.url);
  const urls = [`amqps://localhost:${tlsPort}`];
  const passwordFile = join(folder, 'password');
  await writeFile(passwordFile, `${password}\n`);
  const connectTimeoutMs = 2_000;
  const login = { urls, username, passwordFile, connectTimeoutMs };
  const tls = { caFile: join(folder, 'server.pem') };
  const broker = await start({ ...login, tls });
  expect(broker.health().ok).toBe(true);
  await expect(start({ ...login, tls: {} })).rejects.toThrow(/certificate/);
  await writeFile(passwordFile, 'wrong');
  await expect(start({ ...login, tls })).rejects.toThrow(/ACCESS_REFUSED/);
}, 120_000);

async function start(options: Partial<RabbitMqOptions> = {}): Promise<Broker> {
  const section = rabbitmqSection.parse({ urls: [rabbitmq.url], beatMs: 200 });
  const broker = createRabbitMqBroker({ ...section, clientId: 'test', ...options });
  started.push(broker);
  await broker.start();
  return broker;
}

/** With the environment of the server itself, which names its node, port mapper and cookie. */
async function control(...args: string[]): Promise<void> {
  const environ = (await readFile(`/proc/${rabbitmq.server.pid}/environ`)).toString();
  const env = Object.fromEntries(environ.split('\0').map((line) => line.split(/=(.*)/s, 2)));
  await run('/usr/lib/rabbitmq/bin/rabbitmqctl', args, { env });
}
