/** The whole contract against a real Kafka, with either client library. A restart is a kill -9. */
import type { Broker } from '@spillway/broker';
import { brokerContract } from '@spillway/broker/contract';
import { type KafkaServers, startKafka } from '@spillway/native';
import { afterAll, beforeAll } from 'vitest';
import { createKafkaBroker } from '../src/index.ts';
import { onlyKafka } from './only-kafka.ts';
import { messageBytesMax, optionsOf } from './options.ts';

let kafka: KafkaServers;

beforeAll(async () => {
  // A broker that was killed comes back once the controller has given it up.
  const config = { 'broker.heartbeat.interval.ms': '300', 'broker.session.timeout.ms': '1500' };
  kafka = await startKafka({ config });
});

afterAll(() => kafka?.remove());

for (const driver of ['platformatic', 'kafkajs'] as const) {
  brokerContract({
    name: `kafka, ${driver}`,
    valueBytesMax: messageBytesMax,
    createStopped: async () => createKafkaBroker(optionsOf(kafka.bootstrap, driver)),
    create: async () => {
      const broker: Broker = createKafkaBroker(optionsOf(kafka.bootstrap, driver));
      await broker.start();
      return {
        broker,
        // The same one goes on: a broker's restart needs none of ours.
        restart: async () => {
          const [server] = kafka.servers;
          await server?.kill();
          await server?.start();
          return broker;
        },
        close: () => broker.stop(),
      };
    },
  });
  onlyKafka(driver, () => kafka.bootstrap);
}
