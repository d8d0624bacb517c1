/** The whole contract again, where a restart is a power cut on a disk that keeps only what was synced. */
import { brokerContract } from '@spillway/broker/contract';
import { LossyFiles } from '@spillway/journal/lossy-files';
import { createEmbeddedBroker } from '../src/index.ts';

const messageBytesMax = 2 * 1024 * 1024;

brokerContract({
  name: 'embedded, power cuts',
  valueBytesMax: messageBytesMax,
  createStopped: async () => createEmbeddedBroker({ dir: '/broker', files: new LossyFiles() }),
  create: async () => {
    const files = new LossyFiles();
    const start = async () => {
      const broker = createEmbeddedBroker({ dir: '/broker', files, messageBytesMax });
      await broker.start();
      return broker;
    };
    let broker = await start();
    return {
      broker,
      restart: async () => {
        files.powerCut();
        broker = await start();
        return broker;
      },
      close: () => broker.stop(),
    };
  },
});
