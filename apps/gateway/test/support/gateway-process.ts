/**
 * A gateway alone in a process, on a log of its own. Its argument is JSON: `{dir, gateway, redis}`,
 * the last where it shares its quotas. Prints its addresses as JSON.
 */
import { ledgerTopic, topicOf } from '@spillway/broker';
import { createEmbeddedBroker } from '@spillway/broker-embedded';
import { createQuotaLeases } from '@spillway/fleet-redis';
import { redisSection } from '@spillway/redis/config';
import { createGateway, gatewaySection } from '../../src/index.ts';

const { dir, gateway, redis } = JSON.parse(process.argv[2] ?? '{}');

const broker = createEmbeddedBroker({ dir });
await broker.start();
const topics = [...Object.values(topicOf), ledgerTopic];
await broker.ensureTopics(topics.map((name) => ({ name, partitions: 1 })));
const leases = redis && createQuotaLeases({ ...redisSection.parse(redis), gatewaysAssumed: 1 });
await leases?.start();
const door = createGateway({
  config: gatewaySection.parse({ httpPort: 0, grpcPort: 0, ...gateway }),
  broker,
  ...(leases && { quotas: leases }),
  messageBytesMax: 16 * 1024 * 1024,
  name: 'gw',
  epoch: Date.now(),
});
await door.start();
process.stdout.write(`${JSON.stringify(door.addresses)}\n`);
