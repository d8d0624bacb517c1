/**
 * One side of the gateway bench, alone in a process: `floor`, `embedded <folder>` or
 * `kafka <bootstrap>`, and the gateway's section as JSON. Prints its address.
 */
import { createServer } from 'node:http';
import { type Broker, ledgerTopic, topicOf } from '@spillway/broker';
import { createGateway, gatewaySection } from '@spillway/gateway';

const [side, place = '', section = '{}'] = process.argv.slice(2);
const partitions = 4;

async function floor(): Promise<string> {
  const server = createServer((request, response) => {
    request.on('data', () => {});
    request.on('end', () => {
      response.writeHead(200, { 'content-type': 'application/x-protobuf' });
      response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `127.0.0.1:${(server.address() as { port: number }).port}`;
}

async function brokerOf(): Promise<Broker> {
  if (side === 'embedded') {
    const { createEmbeddedBroker } = await import('@spillway/broker-embedded');
    return createEmbeddedBroker({ dir: place });
  }
  const { createKafkaBroker } = await import('@spillway/broker-kafka');
  const { kafkaSection } = await import('@spillway/broker-kafka/config');
  const bootstrap = place.split(',');
  const section = kafkaSection.parse({ bootstrap, replicationFactor: 1, minInsyncReplicas: 1 });
  return createKafkaBroker({ ...section, clientId: 'bench' });
}

async function gateway(): Promise<string> {
  const broker = await brokerOf();
  await broker.start();
  const names = [topicOf.traces, topicOf.metrics, topicOf.logs];
  const topics = names.map((name) => ({ name, partitions }));
  await broker.ensureTopics([...topics, { name: ledgerTopic, partitions: 1 }]);
  const config = gatewaySection.parse({ httpPort: 0, grpcPort: 0, ...JSON.parse(section) });
  const messageBytesMax = 8 * 1024 * 1024;
  const door = createGateway({ config, broker, name: 'bench', epoch: Date.now(), messageBytesMax });
  await door.start();
  return door.addresses.http;
}

const address = side === 'floor' ? await floor() : await gateway();
process.stdout.write(`${address}\n`);
