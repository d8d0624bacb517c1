import { topicOf } from '@spillway/broker';
import { type RedisServer, startRedis } from '@spillway/native';
import { encodeRequest } from '@spillway/otlp';
import { redisSection } from '@spillway/redis';
import { createRedisLiveStore } from '@spillway/store-redis';
import { until } from '@spillway/test-support/until';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { consume, lagOf, openBroker, publish, span } from './support/harness.ts';

const spansPerMessage = 4;
let redis: RedisServer;
beforeAll(async () => {
  // Without a file: what is killed starts empty.
  redis = await startRedis({ config: ['--appendonly', 'no'] });
});
afterAll(() => redis.remove());

test('a Redis that is killed under load and starts empty has everything again, once', async () => {
  const { broker, close } = await openBroker();
  const config = redisSection.parse({ url: redis.url });
  const store = createRedisLiveStore({ ...config, positions: 'log' });
  await store.start();
  const { consumer, events } = await consume(broker, store, {
    group: 'live',
    replayFromMs: () => Date.now() - store.windowMs,
    limits: {
      pollWaitMs: 20,
      gatherMs: 2,
      retryBaseMs: 20,
      retryMaxMs: 100,
      batchBytesMax: 20_000,
    },
  });
  const publishMessages = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) {
      const first = span({ parentSpanId: '' });
      const { resource, scope } = first;
      const spans = Array.from({ length: spansPerMessage }, () => span({ resource, scope }));
      await publish(broker, encodeRequest('traces', spans), spans.length, i % 2, topicOf.traces);
    }
  };
  await publishMessages(100);
  await until(() => consumer.stats().messages >= 20);
  await redis.server.kill();
  await publishMessages(100);
  await redis.server.start();
  await publishMessages(100);
  await until(async () => store.health().ok && (await lagOf(broker, 'live')) === 0);

  const range = { fromMs: Date.now() - store.windowMs, toMs: Date.now() + 60_000 };
  const services = await store.services({ tenant: 'acme', ...range });
  const counted = services.flatMap(({ sparkline }) => sparkline).reduce((a, b) => a + b, 0);
  expect(counted).toBe(300 * spansPerMessage);
  expect(events.map(({ type }) => type)).toContain('rewound');
  expect(events.map(({ type }) => type)).not.toContain('failed');
  await consumer.stop();
  await store.stop();
  await close();
});
