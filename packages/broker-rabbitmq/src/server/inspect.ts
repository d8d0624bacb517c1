/** What of the server is weaker than the section declares, as far as AMQP shows. */
import { randomUUID } from 'node:crypto';
import type { SafetyFinding, SafetyName, TopicSpec } from '@spillway/broker';
import { messageOf, withTimeout } from '@spillway/resilience';
import type { RabbitMqConfig } from '../config.ts';
import { type Client, closeChannel } from './client.ts';
import { type Difference, differencesOf } from './topology.ts';

const probeMs = 10_000;

/** Looks at the queues that are there, and sends one message of the largest size to no queue. */
export async function inspectServer(
  specs: readonly TopicSpec[],
  { reading, writing, config }: { reading: Client; writing: Client; config: RabbitMqConfig },
): Promise<SafetyFinding[]> {
  const differences = await differencesOf(reading, config, specs);
  const limit = await sizeLimitOf(writing, config.messageBytesMax);
  const tooLarge: SafetyFinding = {
    name: 'message-limit',
    key: 'broker.rabbitmq.messageBytesMax',
    wanted: `a max_message_size of at least ${config.messageBytesMax}`,
    got: String(limit),
  };
  return [...byArgument(differences), ...(limit === undefined ? [] : [tooLarge])];
}

/** The limit of the server where it is smaller; one that does not say is learned while publishing. */
async function sizeLimitOf(client: Client, bytes: number): Promise<number | undefined> {
  const channel = await client.channel();
  const closed = new Promise<string>((resolve) => {
    channel.on('error', (error) => resolve(messageOf(error)));
  });
  try {
    const nowhere = randomUUID();
    channel.sendToQueue(nowhere, Buffer.alloc(bytes));
    const answered = channel.checkExchange('amq.direct').then(() => '');
    const message = await withTimeout(
      Promise.race([closed, answered.catch(() => closed)]),
      probeMs,
      'The answer to a large message',
    );
    return limitIn(message);
  } catch {
    return undefined;
  } finally {
    await closeChannel(channel);
  }
}

/** Reads the limit from what the server says when it closes the channel. */
export function limitIn(message: string): number | undefined {
  const limit = /larger than (?:configured )?max size (\d+)/.exec(message)?.[1];
  return limit === undefined ? undefined : Number(limit);
}

/** Arguments that a promise hangs on; others, such as a bound in bytes, may differ. */
const promised: Readonly<Record<string, SafetyName>> = {
  durable: 'fsync',
  auto_delete: 'fsync',
  'x-queue-type': 'fsync',
  'x-overflow': 'fsync',
  'x-delivery-limit': 'fsync',
  'x-message-ttl': 'fsync',
  'x-expires': 'fsync',
  'x-quorum-initial-group-size': 'replication',
  'x-initial-cluster-size': 'replication',
};

function byArgument(differences: readonly Difference[]): SafetyFinding[] {
  const found = differences.flatMap((difference) => {
    const name = promised[difference.argument];
    return name === undefined ? [] : [{ name, ...difference }];
  });
  const groups = Map.groupBy(found, ({ argument, got }) => `${argument} ${got}`).values();
  return [...groups].map((those) => {
    const [{ name, argument, wanted, got }] = those as [(typeof found)[number]];
    const queues = those.map(({ queue }) => queue).join(', ');
    return { name, key: `${argument} (RabbitMQ)`, wanted, got: `${got} on ${queues}` };
  });
}
