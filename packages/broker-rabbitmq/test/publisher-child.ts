/** Publishes what it is told, behind a proxy, until it is killed. */
import { readFile, writeFile } from 'node:fs/promises';
import { createRabbitMqBroker, rabbitmqSection } from '../src/index.ts';
import { message } from '../src/test-tools.ts';

const [url = '', topic = '', identityFile = ''] = process.argv.slice(2);
const broker = createRabbitMqBroker({
  ...rabbitmqSection.parse({ urls: [url] }),
  clientId: 'child',
  identities: {
    load: () => readFile(identityFile).catch(() => undefined),
    save: (bytes) => writeFile(identityFile, bytes),
  },
});
await broker.start();
process.on('message', async (text: string) => {
  const publishing = broker.publish([message(topic, text)]);
  // Written by then, whatever becomes of it.
  await new Promise((resolve) => setTimeout(resolve, 200));
  process.send?.('written');
  process.send?.((await publishing)[0]?.status);
});
process.send?.('started');
