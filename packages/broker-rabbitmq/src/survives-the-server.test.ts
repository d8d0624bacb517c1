import { execFile } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Broker, DeliveredMessage, PublishOutcome, Subscription } from '@spillway/broker';
import { freePort, startRabbitMq } from '@spillway/native';
import { until } from '@spillway/test-support/until';
import { connect } from 'amqplib';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { nestedLists, nestedTables, RawPublisher } from '../test/raw-publisher.ts';
import { createRabbitMqBroker, type RabbitMqOptions, rabbitmqSection } from './index.ts';
import {
  makeCertificate,
  mebibyte,
  message,
  publishAll,
  sum,
  take,
  takeAll,
  textOf,
} from './test-tools.ts';

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

test('members that join and leave under load lose nothing and keep the order', async () => {
  const brokers = [await start(), await start()];
  const [first, second] = brokers as [Broker, Broker];
  await first.ensureTopics([{ name: 'load', partitions: 4, groups: ['load-readers'] }]);
  const seen: number[][] = [[], [], [], []];
  const stop = new AbortController();
  const stable = consume(
    await first.subscribe({ group: 'load-readers', topics: ['load'] }),
    seen,
    stop.signal,
  );
  const guests = (async () => {
    for (let n = 0; n < 3; n++) {
      const leave = new AbortController();
      const member = await second.subscribe({ group: 'load-readers', topics: ['load'] });
      const guest = consume(member, seen, leave.signal);
      await until(() => member.assigned().length === 2, 'a fair share');
      leave.abort();
      await guest;
      await member.close();
    }
  })();
  const total = 2_000;
  for (let n = 0; n < total; n += 20) {
    const messages = Array.from({ length: 20 }, (_, i) => message('load', `${n + i}`, (n + i) % 4));
    await publishAll(first, messages);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await guests;
  await until(() => seen.flatMap((each) => [...new Set(each)]).length === total, 'all of them');
  stop.abort();
  await stable;
  for (const each of seen) {
    // What was not committed comes again; nothing is seen for the first time after a later one.
    const fresh = [...new Set(each)];
    expect(fresh).toEqual(fresh.toSorted((a, b) => a - b));
  }
}, 120_000);

test('a killed node: publishes say so meanwhile, and all goes on by itself', async () => {
  const broker = await start();
  await broker.ensureTopics([{ name: 'killed', partitions: 2, groups: ['killed-readers'] }]);
  const member = await broker.subscribe({ group: 'killed-readers', topics: ['killed'] });
  await publishAll(broker, [message('killed', 'before')]);
  const before = await take(member, 1);
  await rabbitmq.server.kill();
  await until(() => !broker.health().ok, 'health says no');
  let outcome: PublishOutcome | undefined;
  await until(async () => {
    [outcome] = await broker.publish([message('killed', 'meanwhile')]);
    return outcome?.status === 'refused'; // Unknown, until the other connection is seen to be gone.
  }, 'a refusal');
  expect(outcome).toMatchObject({ code: 'unavailable', retryable: true });
  expect((await broker.lag('killed-readers')).map(({ messages }) => messages)).toEqual([
    null,
    null,
  ]);
  await rabbitmq.server.start();
  await until(() => broker.health().ok, 'health says yes');
  await publishAll(broker, [message('killed', 'after')]);
  const after = await take(member, 2);
  expect(after.map(textOf)).toEqual(['before', 'after']);
  expect(after[0]?.position).toBeGreaterThan(before[0]?.position as number);
  await member.commit(before); // A position of a channel that is gone.
  await until(
    async () => sum(await broker.lag('killed-readers')) === 2,
    'nothing was committed by it',
  );
  await member.commit(after);
  await until(async () => sum(await broker.lag('killed-readers')) === 0, 'everything is');
}, 120_000);

test('memory runs out: publishes are refused at once, consumers go on, then all is fine', async () => {
  const broker = await start();
  await broker.ensureTopics([{ name: 'alarm', partitions: 1, groups: ['alarm-readers'] }]);
  const member = await broker.subscribe({ group: 'alarm-readers', topics: ['alarm'] });
  await publishAll(broker, [message('alarm', 'one')]);
  await control('set_vm_memory_high_watermark', '0.000001');
  try {
    await until(async () => {
      const [outcome] = await broker.publish([message('alarm', 'x')], AbortSignal.timeout(500));
      return outcome?.status === 'refused' && outcome.code === 'unavailable';
    }, 'a refusal');
    expect(broker.health()).toMatchObject({ ok: false });
    await member.commit(await take(member, 1));
  } finally {
    await control('set_vm_memory_high_watermark', '0.6');
  }
  await until(() => broker.health().ok, 'health says yes');
  await publishAll(broker, [message('alarm', 'two')]);
}, 120_000);

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

test('a deleted queue is declared again, and its reader goes on', async () => {
  const broker = await start();
  await broker.ensureTopics([{ name: 'deleted', partitions: 1, groups: ['deleted-readers'] }]);
  const member = await broker.subscribe({ group: 'deleted-readers', topics: ['deleted'] });
  await manage('DELETE', `queues/%2F/${encodeURIComponent('deleted/0/deleted-readers')}`);
  await until(async () => {
    const [outcome] = await broker.publish([message('deleted', 'again')]);
    return outcome?.status === 'durable';
  }, 'a queue');
  expect((await take(member, 1)).map(textOf)).toEqual(['again']);
}, 120_000);

test('ten broken connections leave no channel behind', async () => {
  const broker = await start();
  await broker.ensureTopics([{ name: 'broken', partitions: 2, groups: ['broken-readers'] }]);
  const member = await broker.subscribe({ group: 'broken-readers', topics: ['broken'] });
  await broker.lag('broken-readers');
  const count = async () => ((await manage('GET', 'channels')) as unknown[]).length;
  const isSteady = async (wanted: number) => (await count()) === wanted;
  let channels = 0;
  await until(async () => {
    channels = await count();
    await new Promise((resolve) => setTimeout(resolve, 500));
    return channels >= 6 && (await isSteady(channels));
  }, 'a steady number of channels');
  for (let n = 0; n < 10; n++) {
    for (const { name } of (await manage('GET', 'connections')) as { name: string }[]) {
      await manage('DELETE', `connections/${encodeURIComponent(name)}`);
    }
    await until(() => broker.health().ok, 'a connection');
    await publishAll(broker, [message('broken', `${n}`)]);
  }
  const found = await takeAll(member, 10);
  expect(found).toEqual(Array.from({ length: 10 }, (_, n) => `${n}`));
  await until(() => isSteady(channels), 'as many channels as before');
}, 120_000);

test('a group that stands still fills its bound, and only then publishes are refused', async () => {
  const broker = await start({ groupBacklogBytesMax: mebibyte });
  await broker.ensureTopics([{ name: 'full', partitions: 1, groups: ['full-readers'] }]);
  const big = { ...message('full', ''), value: [Buffer.alloc(mebibyte / 4)] };
  let taken = 0;
  await until(async () => {
    const [outcome] = await broker.publish([big]);
    if (outcome?.status === 'durable') taken += 1;
    else expect(outcome).toMatchObject({ status: 'refused', code: 'log-full', retryable: true });
    return outcome?.status !== 'durable';
  }, 'a refusal');
  expect(taken).toBeGreaterThanOrEqual(4);
  const member = await broker.subscribe({ group: 'full-readers', topics: ['full'] });
  await member.commit((await take(member, taken)).slice(-1));
  await until(async () => (await broker.publish([big]))[0]?.status === 'durable', 'room');
}, 120_000);

test('kept topics are read again and again, at the same positions', async () => {
  const broker = await start();
  await broker.ensureTopics([{ name: 'kept', partitions: 2, kept: true }]);
  expect(await broker.topics()).toContainEqual({ name: 'kept', partitions: 2, kept: true });
  const texts = ['a', 'b', 'c'];
  for (const text of texts) await publishAll(broker, [message('kept', text)]);
  const first = await readAll(broker, 0);
  expect(first.map(textOf)).toEqual(texts);
  const other = await start();
  const second = await readAll(other, 0);
  expect(second).toEqual(first);
  const [, b, c] = first as [DeliveredMessage, DeliveredMessage, DeliveredMessage];
  expect((await readAll(other, b.position)).map(textOf)).toEqual(['b', 'c']);
  expect(await readAll(other, c.position + 100)).toEqual([]);
  const at = { topic: 'kept', partition: 0 };
  expect(await other.positionAt(at, b.timestampMs)).toBeLessThanOrEqual(b.position);
  expect(await other.positionAt(at, c.timestampMs + 3_600_000)).toBeGreaterThan(c.position);
  await expect(broker.subscribe({ group: 'kept-readers', topics: ['kept'] })).rejects.toMatchObject(
    {
      code: 'unsupported',
    },
  );
}, 120_000);

test('large kept messages cost who lists them nothing, and who reads one that one', async () => {
  const broker = await start();
  await broker.ensureTopics([{ name: 'kept-large', partitions: 1, kept: true }]);
  const large = { ...message('kept-large', ''), value: [Buffer.alloc(8 * mebibyte)] };
  for (let i = 0; i < 32; i++) await publishAll(broker, [large]);
  const before = process.memoryUsage.rss();
  const from = { topic: 'kept-large', partition: 0, position: 0 };
  let listed = 0;
  for await (const { value, fault } of broker.read(from, { valueBytesMax: 0 })) {
    expect([value.length, fault !== undefined]).toEqual([0, true]);
    listed += 1;
  }
  expect(listed).toBe(32);
  for await (const one of broker.read(from, { bytesMax: 1 })) {
    expect(one.value.length).toBe(8 * mebibyte);
    break;
  }
  expect((process.memoryUsage.rss() - before) / mebibyte).toBeLessThan(160);
}, 120_000);

test('what another tool wrote keeps its name when it comes again', async () => {
  const broker = await start();
  await broker.ensureTopics([{ name: 'foreign', partitions: 1, groups: ['foreign-readers'] }]);
  const connection = await connect(rabbitmq.url);
  const channel = await connection.createConfirmChannel();
  const options = { headers: { number: 7, nested: { a: 1 } } };
  channel.publish('foreign', '0', Buffer.from('theirs'), options);
  channel.publish('foreign', '0', Buffer.from('other'), options);
  // In seconds: 1970, and the year 33658.
  for (const timestamp of [1, 1e12]) {
    channel.publish('foreign', '0', Buffer.from('dated'), { timestamp });
  }
  await channel.waitForConfirms();
  await connection.close();
  const names: (number | undefined)[][] = [];
  for (let n = 0; n < 2; n++) {
    const member = await broker.subscribe({ group: 'foreign-readers', topics: ['foreign'] });
    const found = await take(member, 4);
    const daysAgo = found.map(({ timestampMs }) => (Date.now() - timestampMs) / 86_400_000);
    expect(daysAgo.map(Math.floor)).toEqual([0, 0, 90, -2]);
    expect(found[0]).toMatchObject({ key: '', headers: { number: '7', nested: '{"a":1}' } });
    names.push(found.map(({ contentId }) => contentId));
    await member.close();
  }
  expect(names[1]).toEqual(names[0]);
  expect(new Set(names[0]).size).toBe(3);
  expect(names[0]?.every(Number.isSafeInteger)).toBe(true);
}, 120_000);

test('headers of any depth, and contents of any size, end no reader', async () => {
  const messageBytesMax = 1_048_576;
  const broker = await start({ messageBytesMax });
  const [topic, group] = ['deep', 'deep-readers'];
  await broker.ensureTopics([{ name: topic, partitions: 1, groups: [group] }]);
  const publisher = await RawPublisher.open(rabbitmq.url);
  const place = { exchange: topic, routingKey: '0' };
  const good = { ...place, content: Buffer.from('good') };
  await publisher.publish([
    { ...good, headers: nestedTables(1_000) },
    { ...good, headers: nestedTables(15_000) },
    { ...good, headers: nestedLists(20_000) },
    { ...place, content: Buffer.alloc(100 * 1_048_576) },
    good,
  ]);
  await publisher.close();
  const before = process.memoryUsage.rss();
  const member = await broker.subscribe({ group, topics: [topic] });
  const found = await take(member, 5);
  expect((process.memoryUsage.rss() - before) / 1_048_576).toBeLessThan(64);
  expect(found.map(({ value }) => value.length)).toEqual([4, 4, 4, 0, 4]);
  // In whole seconds, as the publisher said.
  expect(found.map(({ timestampMs }) => timestampMs % 1_000)).toEqual([0, 0, 0, 0, 0]);
  expect(found.map(({ fault }) => fault)).toEqual([
    ...[undefined, undefined, undefined],
    '104857600 bytes are more than a message may have',
    undefined,
  ]);
  await member.close();
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

/** Polls, and commits each time, until told to stop. */
async function consume(member: Subscription, seen: number[][], abort: AbortSignal): Promise<void> {
  while (!abort.aborted) {
    const found = await member.poll({ bytesMax: 1_000, waitMs: 100, abort });
    for (const each of found) seen[each.partition]?.push(Number(textOf(each)));
    await member.commit([...new Map(found.map((each) => [each.partition, each])).values()]);
  }
}

async function readAll(broker: Broker, position: number): Promise<DeliveredMessage[]> {
  const found: DeliveredMessage[] = [];
  for await (const each of broker.read({ topic: 'kept', partition: 0, position })) found.push(each);
  return found;
}

async function manage(method: string, path: string): Promise<unknown> {
  const { origin, username, password } = new URL(rabbitmq.managementUrl);
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  const response = await fetch(`${origin}/api/${path}`, { method, headers: { authorization } });
  return method === 'GET' ? await response.json() : undefined;
}

/** With the environment of the server itself, which names its node, port mapper and cookie. */
async function control(...args: string[]): Promise<void> {
  const environ = (await readFile(`/proc/${rabbitmq.server.pid}/environ`)).toString();
  const env = Object.fromEntries(environ.split('\0').map((line) => line.split(/=(.*)/s, 2)));
  await run('/usr/lib/rabbitmq/bin/rabbitmqctl', args, { env });
}
