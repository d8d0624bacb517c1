import { createOwnProducer } from '../src/producer.ts';
import { fileIdentities, type ProducerChildOptions } from './producer-process.ts';

const { bootstrap, reached, identityFile, topic } = JSON.parse(
  process.argv[2] ?? '{}',
) as ProducerChildOptions;
const producer = createOwnProducer({
  bootstrap,
  clientId: 'child',
  security: { tls: undefined, sasl: undefined, named: false },
  connectTimeoutMs: 2_000,
  requestTimeoutMs: 60_000,
  deliveryTimeoutMs: 60_000,
  messageBytesMax: 1_048_576,
  reach: ({ host }) => ({ host, port: reached }),
  identities: fileIdentities(identityFile),
});
await producer.start();
process.on('message', async (number: number) => {
  const value = [Buffer.alloc(300)];
  const headers = { number: String(number) };
  const message = { topic, partition: 0, key: 'k', value, headers };
  const [outcome] = await producer.publish([message]);
  process.send?.(outcome?.status);
});
process.send?.('started');
