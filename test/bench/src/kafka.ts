import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { createKafkaBroker, kafkaSection } from '@spillway/broker-kafka';
import { type KafkaServers, startKafka } from '@spillway/native';
import { alternate, type Cost, printCosts, type Server, withoutRest } from './costs.ts';
import type { KafkaClientName, Task, Took } from './kafka-side.ts';
import { spanRequest } from './requests.ts';

const side = fileURLToPath(new URL('./kafka-side.ts', import.meta.url));
const partitions = 4;
/** Records of a round by records per call. */
const published = [
  { perCall: 1, records: 600 },
  { perCall: 8, records: 1_200 },
  { perCall: 32, records: 2_400 },
  { perCall: 100, records: 3_000 },
];
const consumed = 4_000;
const publishTopic = 'bench.published';
const consumeTopic = 'bench.consumed';

const names: readonly (readonly [KafkaClientName, string])[] = [
  ['platformatic', "driver 'platformatic', own produce path"],
  ['kafkajs', "driver 'kafkajs'"],
  ['producer', "@platformatic/kafka's own Producer"],
];

/** What a record costs each driver and the broker, with acks=all and idempotence everywhere. */
export async function benchKafka(): Promise<void> {
  const kafka = await startKafka();
  const clients: Client[] = [];
  try {
    await makeTopics(kafka);
    const broker = await withoutRest(kafka.servers[0] as Server);
    for (const [client, name] of names) {
      clients.push(await openClient({ client, name, broker, bootstrap: kafka.bootstrap }));
    }
    await publishing(clients);
    await consuming(clients.filter(({ client }) => client !== 'producer'));
  } finally {
    for (const { end } of clients) await end();
    await kafka.remove();
  }
}

async function publishing(clients: readonly Client[]): Promise<void> {
  const bytes = spanRequest(0).length;
  for (const { perCall, records } of published) {
    const task: Task = { kind: 'publish', topic: publishTopic, records, perCall };
    const sides = clients.map(({ name, measure }) => ({ name, measure: () => measure(task) }));
    const title = `Kafka, publishing ${perCall} records of ${bytes} bytes per call`;
    printCosts(title, 'record', await alternate(sides));
  }
}

async function consuming(clients: readonly Client[]): Promise<void> {
  await clients[0]?.measure({
    kind: 'publish',
    topic: consumeTopic,
    records: consumed,
    perCall: 100,
  });
  const sides = clients.map(({ client, name, measure }) => ({
    name,
    measure: (round: number) => {
      const group = `${client}-${round}`;
      return measure({ kind: 'consume', topic: consumeTopic, records: consumed, group });
    },
  }));
  printCosts('Kafka, consuming the same records', 'record', await alternate(sides));
}

async function makeTopics({ bootstrap }: KafkaServers): Promise<void> {
  const section = kafkaSection.parse({ bootstrap, replicationFactor: 1, minInsyncReplicas: 1 });
  const broker = createKafkaBroker({ ...section, clientId: 'bench' });
  await broker.start();
  await broker.ensureTopics([publishTopic, consumeTopic].map((name) => ({ name, partitions })));
  await broker.stop();
}

interface Client {
  client: KafkaClientName;
  name: string;
  measure(task: Task): Promise<Cost>;
  end(): Promise<void>;
}

interface ClientOptions {
  client: KafkaClientName;
  name: string;
  broker: Server;
  bootstrap: readonly string[];
}

async function openClient({ client, name, broker, bootstrap }: ClientOptions): Promise<Client> {
  // KafkaJS waits for times in the past, which Node 24 remarks on.
  const execArgv = ['--disable-warning=TimeoutNegativeWarning'];
  const child = fork(side, [client, bootstrap.join()], { execArgv });
  await answerOf(child);
  return {
    client,
    name,
    async measure(task) {
      const before = broker.cpuSeconds();
      child.send(task);
      const { cpuMicros, seconds } = (await answerOf(child)) as Took;
      return {
        recordsPerSecond: task.records / seconds,
        ownMicros: cpuMicros / task.records,
        serverMicros: ((broker.cpuSeconds() - before) * 1e6) / task.records,
      };
    },
    async end() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

/** Rejects when the child ends instead. */
async function answerOf(child: ChildProcess): Promise<unknown> {
  const abandoned = new AbortController();
  const { signal } = abandoned;
  const ended = once(child, 'exit', { signal }).then(([code]) => {
    throw new Error(`a client ended with ${code}`);
  });
  ended.catch(() => {});
  const [answer] = await Promise.race([once(child, 'message', { signal }), ended]);
  abandoned.abort();
  return answer;
}
