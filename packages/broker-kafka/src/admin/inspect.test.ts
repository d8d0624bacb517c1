import { expect, it } from 'vitest';
import type { KafkaClient } from '../client.ts';
import { kafkaSection } from '../config.ts';
import { Logs } from '../logs.ts';
import { inspectTopics } from './inspect.ts';

it('what a broker does not tell is no proof of being safe', async () => {
  const client: Partial<KafkaClient> = {
    cluster: async () => ({
      nodes: [1, 2, 3],
      topics: new Map([['t', { partitions: [{ leader: 1, replicas: 3 }] }]]),
    }),
    settings: async () => new Map([['t', { 'min.insync.replicas': '2' }]]),
  };
  const logs = new Logs({ client: client as KafkaClient, patienceMs: 100 });
  const section = kafkaSection.parse({ bootstrap: ['127.0.0.1:1'] });
  const specs = [{ name: 't', partitions: 1 }];
  expect(await inspectTopics(specs, { client: client as KafkaClient, logs, section })).toEqual([
    {
      name: 'message-limit',
      key: 'broker.kafka.messageBytesMax',
      wanted: `max.message.bytes of at least ${section.messageBytesMax}`,
      got: 'unknown on t',
    },
  ]);
});
