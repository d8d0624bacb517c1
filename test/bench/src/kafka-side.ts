/**
 * One client of the Kafka bench, alone in a process: `<client> <bootstrap>`. Does one task of its
 * parent after the other, and answers with what it took.
 */
import { ProduceAcks, Producer, stringSerializer } from '@platformatic/kafka';
import { type Broker, type OutgoingMessage, stampHeaders } from '@spillway/broker';
import { createKafkaBroker, kafkaSection } from '@spillway/broker-kafka';
import { spanRequest, spansPerRequest } from './requests.ts';

export type KafkaClientName = 'platformatic' | 'kafkajs' | 'producer';

export type Task =
  | { kind: 'publish'; topic: string; records: number; perCall: number }
  | { kind: 'consume'; topic: string; records: number; group: string };

export interface Took {
  cpuMicros: number;
  seconds: number;
}

/** Of every topic here, as the parent makes them. */
const partitions = 4;

type Send = (messages: OutgoingMessage[]) => Promise<void>;

const fetchBytesMax = 1_048_576;
const consumeTimeoutMs = 120_000;
const bodies = Array.from({ length: 40 }, (_, i) => Buffer.from(spanRequest(i)));
let made = 0;

const [client = '', bootstrap = ''] = process.argv.slice(2);
const { send, broker } = await open(client as KafkaClientName);
process.on('message', async (task: Task) => process.send?.(await perform(task)));
process.on('disconnect', () => process.exit()); // the parent is gone
process.send?.('ready');

async function perform(task: Task): Promise<Took> {
  const [cpu, startedAt] = [process.cpuUsage(), performance.now()];
  await (task.kind === 'publish' ? publish(task) : consume(task));
  const { user, system } = process.cpuUsage(cpu);
  return { cpuMicros: user + system, seconds: (performance.now() - startedAt) / 1_000 };
}

/** One call at a time: how many records a call has is all that differs. */
async function publish({ topic, records, perCall }: Extract<Task, { kind: 'publish' }>) {
  for (let sent = 0; sent < records; sent += perCall) {
    await send(Array.from({ length: perCall }, () => message(topic)));
  }
}

function message(topic: string): OutgoingMessage {
  made += 1;
  const stamp = { gateway: 'bench', epoch: 1, sequence: made, tenant: 'default' };
  return {
    topic,
    partition: made % partitions,
    key: `key-${made}`,
    value: [bodies[made % bodies.length] as Buffer],
    headers: stampHeaders({ ...stamp, records: spansPerRequest, receivedMs: Date.now() }),
  };
}

/** From joining the group to the last commit. */
async function consume({ topic, records, group }: Extract<Task, { kind: 'consume' }>) {
  if (broker === undefined) throw new Error(`${client} does not consume here`);
  const subscription = await broker.subscribe({ group, topics: [topic] });
  const signal = AbortSignal.timeout(consumeTimeoutMs);
  for (let read = 0; read < records; ) {
    const batch = await subscription.poll({
      bytesMax: fetchBytesMax,
      waitMs: 1_000,
      abort: signal,
    });
    signal.throwIfAborted();
    read += batch.length;
    await subscription.commit([...lastOf(batch).values()]);
  }
  await subscription.close();
}

function lastOf<T extends { partition: number }>(batch: readonly T[]): Map<number, T> {
  return new Map(batch.map((delivered) => [delivered.partition, delivered]));
}

async function open(name: KafkaClientName): Promise<{ send: Send; broker?: Broker }> {
  if (name === 'producer') return { send: ownProducerOfTheLibrary() };
  const section = kafkaSection.parse({ driver: name, bootstrap: [bootstrap] });
  const opened = createKafkaBroker({ ...section, clientId: 'bench' });
  await opened.start();
  const sendAll: Send = async (messages) => {
    const outcomes = await opened.publish(messages);
    const failed = outcomes.find(({ status }) => status !== 'durable');
    if (failed) throw new Error(`${name}: ${JSON.stringify(failed)}`);
  };
  return { send: sendAll, broker: opened };
}

/** As its users have it, with the guarantees that ours has. */
function ownProducerOfTheLibrary(): Send {
  const producer = new Producer<string, Buffer, string, string>({
    clientId: 'bench',
    bootstrapBrokers: [bootstrap],
    acks: ProduceAcks.ALL,
    idempotent: true,
    serializers: {
      key: stringSerializer,
      headerKey: stringSerializer,
      headerValue: stringSerializer,
    },
  });
  return async (messages) => {
    const mapped = messages.map(({ value, ...message }) => ({
      ...message,
      value: value[0] as Buffer,
    }));
    await producer.send({ messages: mapped });
  };
}
