/** A gateway before a Kafka that answers nothing: spilled, killed, started again, drained in order. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort, startKafka } from '@spillway/native';
import { type Addresses, postOtlp, SpillwayProcess, TcpProxy } from '@spillway/test-support';
import { Kafka, logLevel } from 'kafkajs';
import { afterAll, beforeAll, expect, it } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'spillway-away-'));
const topic = 'otlp_logs';
let kafka: Awaited<ReturnType<typeof startKafka>>;
let proxy: TcpProxy;
let gateway: SpillwayProcess;

beforeAll(async () => {
  const port = await freePort();
  proxy = await TcpProxy.start(`127.0.0.1:${port}`);
  kafka = await startKafka({ ports: [port], advertised: () => proxy.address });
}, 120_000);

afterAll(async () => {
  await gateway?.end('SIGKILL');
  await kafka?.remove();
  await proxy?.remove();
  rmSync(folder, { recursive: true, force: true });
});

async function start(): Promise<Addresses> {
  gateway = new SpillwayProcess({
    dataDir: folder,
    roles: ['gateway'],
    args: ['--gateway.spill.dir', join(folder, 'spill'), '--gateway.name', 'gw'],
    env: async () => ({
      SPILLWAY_BROKER_KIND: 'kafka',
      SPILLWAY_BROKER_KAFKA_BOOTSTRAP: proxy.address,
      SPILLWAY_BROKER_KAFKA_REPLICATION_FACTOR: '1',
      SPILLWAY_BROKER_KAFKA_MIN_INSYNC_REPLICAS: '1',
    }),
  });
  return gateway.start();
}

let sent = 0;
const acknowledged: number[] = [];

/** One numbered record of one resource, so of one partition; the answer's status and ack. */
async function sendOne(at: Addresses): Promise<string> {
  sent += 1;
  const number = sent;
  const resource = { attributes: [{ key: 'service.name', value: { stringValue: 'one' } }] };
  const logRecords = [{ timeUnixNano: '1', body: { stringValue: `number ${number}.` } }];
  const body = JSON.stringify({ resourceLogs: [{ resource, scopeLogs: [{ logRecords }] }] });
  const answer = await postOtlp(at, 'logs', body);
  if (answer.status === 200) acknowledged.push(number);
  return `${answer.status} ${answer.headers.get('x-spillway-ack')}`;
}

async function sendMany(at: Addresses, times: number): Promise<Set<string>> {
  const answers = new Set<string>();
  for (let i = 0; i < times; i++) answers.add(await sendOne(at));
  return answers;
}

async function metric({ admin }: Addresses, name: string): Promise<number> {
  const text = await (await fetch(`${admin}/metrics`)).text();
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1] ?? Number.NaN);
}

/** The numbers as they lie in the topic's partitions, each where it came first. */
async function numbersInKafka(): Promise<number[]> {
  const client = new Kafka({ brokers: [proxy.address], logLevel: logLevel.NOTHING });
  const [admin, consumer] = [client.admin(), client.consumer({ groupId: `read-${Date.now()}` })];
  await admin.connect();
  const offsets = await admin.fetchTopicOffsets(topic);
  await admin.disconnect();
  let left = offsets.reduce((sum, { high }) => sum + Number(high), 0);
  const numbers: number[] = [];
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await new Promise<void>((resolve, reject) => {
    const eachMessage = async ({ message }: { message: { value: Buffer | null } }) => {
      const number = Number(/number (\d+)\./.exec(message.value?.toString('latin1') ?? '')?.[1]);
      if (!numbers.includes(number)) numbers.push(number);
      left -= 1;
      if (left === 0) resolve();
    };
    consumer.run({ eachMessage }).catch(reject);
  });
  await consumer.disconnect();
  return numbers;
}

it('what is answered while Kafka is away is there afterwards, in order, over a kill -9', async () => {
  let at = await start();
  expect(await sendMany(at, 20)).toEqual(new Set(['200 broker']));
  proxy.blackHole();
  expect([...(await sendMany(at, 30))]).toContain('200 spill');
  expect((await fetch(`${at.admin}/ready`)).status).toBe(200);
  await gateway.end('SIGKILL');

  // With what it knows from the spill it opens its doors before it has met Kafka.
  at = await start();
  expect(await sendMany(at, 30)).toEqual(new Set(['200 spill']));
  expect(await metric(at, 'spillway_spill_messages')).toBeGreaterThanOrEqual(59);
  await proxy.heal();
  while ((await metric(at, 'spillway_spill_messages')) !== 0) await sleep(100);
  while ((await sendOne(at)) !== '200 broker') await sleep(100);
  expect(await gateway.end('SIGTERM')).toBe(0);

  const numbers = await numbersInKafka();
  expect(acknowledged.filter((number) => !numbers.includes(number))).toEqual([]);
  expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
}, 120_000);
