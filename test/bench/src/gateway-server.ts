/** One side of the gateway bench, alone in a process: `gateway` or `floor`. Prints its port. */
import { createServer } from 'node:http';
import { ledgerTopic, topicOf } from '@spillway/broker';
import { createEmbeddedBroker } from '@spillway/broker-embedded';
import { createGateway, gatewaySection } from '@spillway/gateway';

const [side, dir = ''] = process.argv.slice(2);

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

async function gateway(): Promise<string> {
  const broker = createEmbeddedBroker({ dir });
  await broker.start();
  const names = [topicOf.traces, topicOf.metrics, topicOf.logs];
  const topics = names.map((name) => ({ name, partitions: 4 }));
  await broker.ensureTopics([...topics, { name: ledgerTopic, partitions: 1 }]);
  const config = gatewaySection.parse({ httpPort: 0, grpcPort: 0 });
  const door = createGateway({ config, broker, name: 'bench', epoch: Date.now() });
  await door.start();
  return door.addresses.http;
}

const address = side === 'floor' ? await floor() : await gateway();
process.stdout.write(`${address}\n`);
