import { brokerContract } from '@spillway/broker/contract';
import { startRabbitMq } from '@spillway/native';
import { afterAll, beforeAll } from 'vitest';
import { createRabbitMqBroker, rabbitmqSection } from './index.ts';

const messageBytesMax = 2 * 1024 * 1024;
type Server = Awaited<ReturnType<typeof startRabbitMq>>;
let rabbitmq: Server;

beforeAll(async () => {
  rabbitmq = await startRabbitMq();
});

afterAll(() => rabbitmq?.remove());

function brokerOn(url: string) {
  const section = rabbitmqSection.parse({ urls: [url], messageBytesMax, beatMs: 200 });
  return createRabbitMqBroker({ ...section, clientId: 'contract' });
}

brokerContract({
  name: 'rabbitmq',
  valueBytesMax: messageBytesMax,
  optOuts: { replay: 'a queue keeps nothing that was acknowledged' },
  createStopped: async () => brokerOn(rabbitmq.url),
  create: async () => {
    let broker = brokerOn(rabbitmq.url);
    await broker.start();
    return {
      broker,
      restart: async () => {
        await rabbitmq.server.kill();
        await broker.stop();
        await rabbitmq.server.start();
        broker = brokerOn(rabbitmq.url);
        await broker.start();
        return broker;
      },
      close: () => broker.stop(),
    };
  },
});
