/** What the contract cannot ask of every broker. Runs on the server of `contract.test.ts`. */

import { Admin, Producer } from '@platformatic/kafka';
import type { Broker, DeliveredMessage, Subscription } from '@spillway/broker';
import { until } from '@spillway/test-support/until';
import { afterEach, describe, expect, test } from 'vitest';
import { createKafkaBroker, type KafkaBrokerOptions } from '../src/index.ts';
import { bomb, codecs, twoFrames } from './bombs.ts';
import { batchOf, bodyOf } from './hand-made-batch.ts';
import { startMember } from './member.ts';
import { messageBytesMax, optionsOf } from './options.ts';
import { RawWriter } from './raw-writer.ts';

type Driver = KafkaBrokerOptions['driver'];

const MiB = 1024 * 1024;
let names = 0;

export function onlyKafka(driver: Driver, bootstrapOf: () => readonly string[]): void {
  describe(`only kafka, ${driver}`, () => {
    const opened: { stop(): Promise<unknown> }[] = [];

    afterEach(async () => {
      for (const one of opened.splice(0).reverse()) await one.stop();
    });

    test('what is weaker than declared is found by name, and told how it differs', async () => {
      const topic = fresh();
      const specs = [{ name: topic, partitions: 1 }];
      const lenient = await start();
      expect(await lenient.inspect(specs)).toEqual([]); // One broker, as declared; no topic yet.
      await lenient.ensureTopics(specs);
      expect(await lenient.inspect(specs)).toEqual([]);
      const larger = await start({ messageBytesMax: messageBytesMax + 1 });
      expect(await larger.inspect(specs)).toEqual([
        {
          name: 'message-limit',
          key: 'broker.kafka.messageBytesMax',
          wanted: `max.message.bytes of at least ${messageBytesMax + 1}`,
          got: `${messageBytesMax} on ${topic}`,
        },
      ]);
      const safer = await start({ replicationFactor: 3, minInsyncReplicas: 2 });
      const copies = { name: 'replication', key: 'broker.kafka.replicationFactor' };
      expect(await safer.inspect(specs)).toEqual([
        { ...copies, wanted: 'replicas of at least 3', got: `1 on ${topic}` },
        {
          name: 'replication',
          key: 'broker.kafka.minInsyncReplicas',
          wanted: 'min.insync.replicas of at least 2',
          got: `1 on ${topic}`,
        },
      ]);
      const missing = [{ name: fresh(), partitions: 1 }];
      expect(await safer.inspect(missing)).toEqual([
        { ...copies, wanted: 'at least 3 brokers', got: '1 in the cluster' },
      ]);
      await safer.ensureTopics(missing); // Makes do: who does not want that has asked before.
      await publish(safer, missing[0]?.name as string, 1);
      const lax = await start({ replicationFactor: 3, minInsyncReplicas: 1 });
      expect((await lax.inspect(missing)).map(({ name }) => name)).toEqual(['acks', 'replication']);
    });

    test('what other tools write is read: no headers, no key, no value, any compression', async () => {
      const { topic, member } = await topicWithMember();
      const producer = new Producer({ clientId: 'other', bootstrapBrokers: [...bootstrapOf()] });
      opened.push({ stop: () => producer.close() });
      const value = Buffer.from('compressed '.repeat(100));
      for (const compression of ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const) {
        const headers = new Map([[Buffer.from('codec'), Buffer.from(compression)]]);
        const messages = [
          { topic, partition: 0, value },
          { topic, partition: 0, key: Buffer.from('only key'), value: null as never, headers },
        ];
        await producer.send({ messages, compression });
      }
      const found = await pollCount(member, 10);
      for (const [index, message] of found.entries()) {
        const isFirst = index % 2 === 0;
        expect(message.key).toBe(isFirst ? '' : 'only key');
        expect(Buffer.from(message.value).equals(isFirst ? value : Buffer.alloc(0))).toBe(true);
        expect(Object.keys(message.headers)).toEqual(isFirst ? [] : ['codec']);
      }
    });

    test('batches that grow, and records of very much of anything, harm no neighbour', async () => {
      const { topic, member } = await topicWithMember();
      const writer = await RawWriter.open(bootstrapOf()[0] as string);
      opened.push({ stop: async () => writer.close() });
      const write = (body: Buffer, count: number, compression = 0) =>
        writer.write(topic, 0, batchOf(body, { count, compression }));
      const neighbour = async (): Promise<void> => write(bodyOf([{ value: good }]), 1);
      const good = Buffer.from('good');
      const headers = Array.from({ length: 50_000 }, (_, i) => [`h${i}`, good] as const);
      await neighbour();
      for (const codec of Object.values(codecs)) {
        // Snappy makes little of it, and the topic takes 2 MiB.
        await write(bomb(codec, (codec === codecs.snappy ? 32 : 256) * MiB), 1, codec);
        await neighbour();
      }
      await write(twoFrames([{ value: good }, { value: good }]), 2, codecs.zstd);
      await write(bodyOf([{ headers }, { key: Buffer.alloc(MiB / 2, 0xff), value: good }]), 2);
      await neighbour();
      const found = await pollCount(member, 5 + 4 + 2 + 2 + 1);
      expect(found.map(({ position }) => position)).toEqual(found.map((_, i) => i));
      const faults = found.filter(({ fault }) => fault !== undefined);
      expect(faults.map(({ position }) => position)).toEqual([1, 3, 5, 7]);
      const isGood = ({ value }: DeliveredMessage) => Buffer.from(value).equals(good);
      expect(found.filter(isGood).length).toBe(9);
    });

    test('what retention removed is expired, not lag, and the group goes on behind it', async () => {
      const { broker, topic, group, member } = await topicWithMember();
      await publish(broker, topic, 10);
      const found = await pollCount(member, 10);
      await member.commit([found[1] as DeliveredMessage]);
      await member.close();
      const admin = openAdmin();
      const partitions = [{ partition: 0, offset: 7n }];
      await admin.deleteRecords({ topics: [{ name: topic, partitions }] });
      const [lag] = await broker.lag(group);
      expect(lag).toMatchObject({ messages: 3, expired: 5, committed: 7, start: 7, end: 10 });
      const again = await broker.subscribe({ group, topics: [topic] });
      const left = await pollCount(again, 3);
      expect(left.map(({ position }) => position)).toEqual([7, 8, 9]);
      await again.commit(left);
      const [done] = await broker.lag(group);
      expect(done).toMatchObject({ messages: 0, seconds: 0, expired: 5 });
    });

    test('partitions that a topic has grown by are read without a restart', async () => {
      const { broker, topic, member } = await topicWithMember();
      await openAdmin().createPartitions({
        topics: [{ name: topic, count: 2, assignments: [{ brokerIds: [1] }] }],
      });
      await until(() => member.assigned().length === 2);
      await publish(broker, topic, 1, 1);
      expect(await pollCount(member, 1)).toHaveLength(1);
    });

    test('members over either client library share a group', async () => {
      const { broker, topic, group, member } = await topicWithMember(4);
      const other = driver === 'kafkajs' ? 'platformatic' : 'kafkajs';
      const second = await start({}, other);
      const guest = await second.subscribe({ group, topics: [topic] });
      await until(() => member.assigned().length === 2 && guest.assigned().length === 2);
      for (const partition of [0, 1, 2, 3]) await publish(broker, topic, 5, partition);
      const found = [...(await pollCount(member, 10)), ...(await pollCount(guest, 10))];
      expect(new Set(found.map(({ partition }) => partition)).size).toBe(4);
    });

    test('a member that is killed between effect and commit loses nothing', async () => {
      const topic = fresh();
      const group = fresh();
      const broker = await start();
      await broker.ensureTopics([{ name: topic, partitions: 1 }]);
      await publish(broker, topic, 5);
      const victim = await startMember({ bootstrap: bootstrapOf(), driver, group, topic });
      await victim.polled(5);
      await victim.kill();
      const heir = await broker.subscribe({ group, topics: [topic] });
      expect(await pollCount(heir, 5)).toHaveLength(5);
    });

    async function start(rest: Partial<KafkaBrokerOptions> = {}, own = driver): Promise<Broker> {
      const broker = createKafkaBroker(optionsOf(bootstrapOf(), own, rest));
      await broker.start();
      opened.push(broker);
      return broker;
    }

    async function topicWithMember(partitions = 1) {
      const [topic, group] = [fresh(), fresh()];
      const broker = await start();
      await broker.ensureTopics([{ name: topic, partitions }]);
      const member = await broker.subscribe({ group, topics: [topic] });
      return { broker, topic, group, member };
    }

    function openAdmin(): Admin {
      const admin = new Admin({ clientId: 'admin', bootstrapBrokers: [...bootstrapOf()] });
      opened.push({ stop: () => admin.close() });
      return admin;
    }

    function fresh(): string {
      names += 1;
      return `only-${driver}-${names}`;
    }
  });
}

async function publish(broker: Broker, topic: string, count: number, partition = 0): Promise<void> {
  const messages = Array.from({ length: count }, (_, index) => ({
    topic,
    partition,
    key: 'k',
    headers: {},
    value: [Buffer.from(String(index))],
  }));
  for (const { status } of await broker.publish(messages)) expect(status).toBe('durable');
}

async function pollCount(member: Subscription, count: number): Promise<DeliveredMessage[]> {
  const found: DeliveredMessage[] = [];
  const { signal } = new AbortController();
  await until(async () => {
    found.push(...(await member.poll({ bytesMax: 1_000_000, waitMs: 200, abort: signal })));
    return found.length >= count;
  });
  return found;
}
