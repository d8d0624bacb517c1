/** What another program writes to the topics of a real Kafka or RabbitMQ harms no neighbour. */

import { type Broker, deadLetterTopicOf, topicOf } from '@spillway/broker';
import { createKafkaBroker } from '@spillway/broker-kafka';
import { createRabbitMqBroker, rabbitmqSection } from '@spillway/broker-rabbitmq';
import { DeadLetters } from '@spillway/dead-letters';
import { startKafka, startRabbitMq } from '@spillway/native';
import { encodeRequest } from '@spillway/otlp';
import { until } from '@spillway/test-support/until';
import { expect, it } from 'vitest';
import { optionsOf } from '../../broker-kafka/test/options.ts';
import { consume, lagOf, log, publishLogs, ScriptedSink } from './support/harness.ts';

const messageBytesMax = 2 * 1024 * 1024;
const brokers = {
  kafka: async () => {
    const kafka = await startKafka();
    const broker = createKafkaBroker(optionsOf(kafka.bootstrap, 'platformatic'));
    return { broker, remove: () => kafka.remove() };
  },
  rabbitmq: async () => {
    const rabbitmq = await startRabbitMq();
    const section = rabbitmqSection.parse({ urls: [rabbitmq.url], messageBytesMax, beatMs: 200 });
    const broker = createRabbitMqBroker({ ...section, clientId: 'foreign' });
    return { broker, remove: () => rabbitmq.remove() };
  },
};

it.each(Object.entries(brokers))(
  'on %s',
  async (_, create) => {
    const { broker, remove }: { broker: Broker; remove: () => Promise<void> } = await create();
    const sink = new ScriptedSink();
    try {
      await broker.start();
      await broker.ensureTopics([
        { name: topicOf.logs, partitions: 2, groups: ['writer'] },
        { name: topicOf.traces, partitions: 2, groups: ['writer'] },
        { name: topicOf.metrics, partitions: 2, groups: ['writer'] },
        { name: deadLetterTopicOf.logs, partitions: 2, kept: true },
      ]);
      const one = encodeRequest('logs', [log('foreign')]);
      // A million empty records, more than any gateway lets pass.
      const million = Buffer.alloc(1_000_000, Buffer.from('1200', 'hex'));
      const many = Buffer.concat([Buffer.from('0ac4843d12c0843d', 'hex'), million]);
      const strange: [Uint8Array, Record<string, string>][] = [
        [Buffer.from('f00dfeed', 'hex'), {}],
        [Buffer.alloc(0), { 'x-empty': '' }],
        [many, {}],
        [one, { 'x-large': 'h'.repeat(60_000), 'spillway-seq': '///', 'spillway-ordinals': 'a,b' }],
        [
          one,
          { 'spillway-tenant': 'acme', 'spillway-seq': 'gw/1/-1', 'spillway-records': '1e300' },
        ],
      ];
      await publishLogs(broker, ['before']);
      for (const [value, headers] of strange) {
        const message = { topic: topicOf.logs, partition: 0, key: '', value: [value], headers };
        expect((await broker.publish([message]))[0]?.status).toBe('durable');
      }
      await publishLogs(broker, ['behind']);
      const { consumer } = await consume(broker, sink);
      await until(() => sink.applied.includes('behind'));
      await until(async () => (await lagOf(broker)) === 0);
      await consumer.stop();
      expect(sink.applied).toEqual(['before', 'foreign', 'foreign', 'behind']);
      const deadLetters = await Array.fromAsync(new DeadLetters(broker).list({ signal: 'logs' }));
      expect(deadLetters.map(({ code }) => code)).toEqual([
        'malformed-message',
        'malformed-message',
      ]);
    } finally {
      await broker.stop();
      await remove();
    }
  },
  120_000,
);
