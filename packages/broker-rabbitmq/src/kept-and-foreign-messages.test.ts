import type { Broker, DeliveredMessage } from '@spillway/broker';
import { connect } from 'amqplib';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { HeldBytes } from '../test/held-bytes.ts';
import { nestedLists, nestedTables, RawPublisher } from '../test/raw-publisher.ts';
import { TestRabbitMq } from '../test/test-rabbitmq.ts';
import { mebibyte, message, publishAll, take, textOf } from './test-tools.ts';

let rabbitmq: TestRabbitMq;

beforeAll(async () => {
  rabbitmq = await TestRabbitMq.open();
});
afterEach(() => rabbitmq?.reset());
afterAll(() => rabbitmq?.close());

test('kept topics are read again and again, at the same positions', async () => {
  const broker = await rabbitmq.start();
  await broker.ensureTopics([{ name: 'kept', partitions: 2, kept: true }]);
  expect(await broker.topics()).toContainEqual({ name: 'kept', partitions: 2, kept: true });
  const texts = ['a', 'b', 'c'];
  for (const text of texts) await publishAll(broker, [message('kept', text)]);
  const first = await readAll(broker, 0);
  expect(first.map(textOf)).toEqual(texts);
  const other = await rabbitmq.start();
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
  const broker = await rabbitmq.start();
  await broker.ensureTopics([{ name: 'kept-large', partitions: 1, kept: true }]);
  const large = { ...message('kept-large', ''), value: [Buffer.alloc(8 * mebibyte)] };
  for (let i = 0; i < 32; i++) await publishAll(broker, [large]);
  const held = await HeldBytes.begin();
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
  expect(held.end() / mebibyte).toBeLessThan(128);
}, 120_000);

test('what another tool wrote keeps its name when it comes again', async () => {
  const broker = await rabbitmq.start();
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
  const broker = await rabbitmq.start({ messageBytesMax });
  const [topic, group] = ['deep', 'deep-readers'];
  await broker.ensureTopics([{ name: topic, partitions: 1, groups: [group] }]);
  await publishHostile(topic);
  const held = await HeldBytes.begin();
  const member = await broker.subscribe({ group, topics: [topic] });
  const found = await take(member, 5);
  expect(held.end() / mebibyte).toBeLessThan(64);
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

/** A function of its own, so that nothing of it is held by the test. */
async function publishHostile(topic: string): Promise<void> {
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
}

async function readAll(broker: Broker, position: number): Promise<DeliveredMessage[]> {
  const found: DeliveredMessage[] = [];
  for await (const each of broker.read({ topic: 'kept', partition: 0, position })) found.push(each);
  return found;
}
