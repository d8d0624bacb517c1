import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brokerContract } from '@spillway/broker/contract';
import { createEmbeddedBroker, type EmbeddedBrokerOptions } from './index.ts';

const messageBytesMax = 2 * 1024 * 1024;

brokerContract({
  name: 'embedded',
  valueBytesMax: messageBytesMax,
  createStopped: async () => createEmbeddedBroker({ dir: join(tmpdir(), 'never-started') }),
  create: async () => {
    const dir = await mkdtemp(join(tmpdir(), 'embedded-'));
    const options: EmbeddedBrokerOptions = { dir, messageBytesMax };
    let broker = createEmbeddedBroker(options);
    await broker.start();
    return {
      broker,
      restart: async () => {
        await broker.stop();
        broker = createEmbeddedBroker(options);
        await broker.start();
        return broker;
      },
      close: async () => {
        await broker.stop();
        await rm(dir, { recursive: true });
      },
    };
  },
});
