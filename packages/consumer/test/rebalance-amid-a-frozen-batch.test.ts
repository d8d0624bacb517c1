import { type Broker, deadLetterTopicOf, partitionName, topicOf } from '@spillway/broker';
import { createKafkaBroker, kafkaSection } from '@spillway/broker-kafka';
import { DeadLetters } from '@spillway/dead-letters';
import {
  type KafkaServers,
  type PostgresServer,
  startKafka,
  startPostgres,
} from '@spillway/native';
import { signals } from '@spillway/otlp';
import type { WriteStore } from '@spillway/store';
import { createPostgresServerStore, postgresSection } from '@spillway/store-postgres';
import pg from 'pg';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { Consumer } from '../src/index.ts';
import { lagOf, publishLogs } from './support/harness.ts';

const everyMinute = { fromMinute: 0, toMinute: 2_000_000_000 };
const sessionTimeoutMs = 6_000;
const patient = { timeout: 60_000, interval: 50 };
const messages = 200;

let kafka: KafkaServers;
let postgres: PostgresServer;
beforeAll(async () => {
  [kafka, postgres] = await Promise.all([startKafka(), startPostgres()]);
});
afterAll(() => Promise.all([kafka?.remove(), postgres?.remove()]));

interface Process {
  broker: Broker;
  store: WriteStore;
  consumer: Consumer;
  assigned: string[][];
}

const running: Process[] = [];

/** A writer with clients of its own, as in a process of its own. */
async function startProcess(clientId: string): Promise<Process> {
  const assigned: string[][] = [];
  const broker = createKafkaBroker({
    ...kafkaSection.parse({
      bootstrap: kafka.bootstrap,
      replicationFactor: 1,
      minInsyncReplicas: 1,
      sessionTimeoutMs,
    }),
    clientId,
    report: (event) => {
      if (event.type === 'assigned') assigned.push(event.partitions);
    },
  });
  await broker.start();
  const names = signals.flatMap((signal) => [topicOf[signal], deadLetterTopicOf[signal]]);
  await broker.ensureTopics(names.map((name) => ({ name, partitions: 2 })));
  const section = postgresSection.parse({ url: postgres.url, statementTimeoutMs: 500 });
  const store = createPostgresServerStore({ ...section, retentionMs: 7 * 86_400_000 });
  await store.start();
  const limits = { gatherMs: 5, retryMaxMs: 200, breakerResetMs: 200, batchBytesMax: 8_192 };
  const consumer = new Consumer({ group: 'writer', broker, sink: store, limits });
  await consumer.start();
  const process = { broker, store, consumer, assigned };
  running.push(process);
  return process;
}

const logPartitions = ({ assigned }: Process) =>
  (assigned.at(-1) ?? []).filter((name) => name.startsWith(topicOf.logs));

test('partitions move amid a batch of a frozen store, nothing is lost, doubled or out of order', async () => {
  const first = await startProcess('first');
  expect(logPartitions(first)).toHaveLength(2);
  for (let i = 0; i < messages / 2; i++) await publishLogs(first.broker, [`${i}`], i % 2);
  await vi.waitFor(() => expect(first.consumer.stats().messages).toBeGreaterThan(10), patient);
  postgres.server.pause();
  const frozenAt = performance.now();
  for (let i = messages / 2; i < messages; i++) await publishLogs(first.broker, [`${i}`], i % 2);
  await vi.waitFor(() => expect(first.consumer.stats().breakerOpened).toBeGreaterThan(0), patient);
  // Longer than the group waits for a member that says nothing.
  const isLong = () => expect(performance.now() - frozenAt).toBeGreaterThan(1.5 * sessionTimeoutMs);
  await vi.waitFor(isLong, patient);
  expect(first.assigned).toHaveLength(1);
  expect(await lagOf(first.broker)).toBeGreaterThan(0);
  expect(first.consumer.health().ok).toBe(false);
  // A second member comes; it cannot start on a frozen store, so it takes its share right after.
  postgres.server.resume();
  const second = await startProcess('second');
  await vi.waitFor(() => expect(logPartitions(second)).toHaveLength(1), patient);
  postgres.server.pause();
  for (let i = messages; i < 2 * messages; i++) await publishLogs(first.broker, [`${i}`], i % 2);
  const bothFail = () => {
    for (const { consumer } of running) expect(consumer.stats().retries).toBeGreaterThan(1);
    expect(second.consumer.health().ok).toBe(false);
  };
  await vi.waitFor(bothFail, patient);
  // One leaves with a batch in flight: the other gets its partition while the store is frozen.
  await second.consumer.stop();
  await vi.waitFor(() => expect(logPartitions(first)).toHaveLength(2), patient);
  postgres.server.resume();
  await vi.waitFor(async () => expect(await lagOf(first.broker)).toBe(0), patient);
  const bodies = await storedBodies(first);
  const sent = Array.from({ length: 2 * messages }, (_, i) => `${i}`);
  expect(bodies.sort()).toEqual(sent.sort());
  const applied = await first.store.appliedMessages(everyMinute);
  expect(applied.every(({ stored, duplicates }) => stored === 1 && duplicates === 0)).toBe(true);
  await expectOrder();
  expect(await Array.fromAsync(new DeadLetters(first.broker).list())).toEqual([]);
  for (const { consumer, broker, store } of running) {
    await consumer.stop();
    await broker.stop();
    await store.stop();
  }
}, 150_000);

async function storedBodies({ store }: Process): Promise<string[]> {
  const bodies: string[] = [];
  for await (const { records, applied } of store.readBack({
    ...everyMinute,
    signal: 'logs',
  })) {
    expect(partitionName(applied.id)).toMatch(/^otlp_logs/);
    for (const each of records)
      bodies.push(each.signal === 'logs' ? (each.body?.stringValue ?? '') : '');
  }
  return bodies;
}

/** Messages are numbered when they are handed over: within a partition, in its order. */
async function expectOrder(): Promise<void> {
  const client = new pg.Client({ connectionString: postgres.url });
  await client.connect();
  const { rows } = await client.query(
    'SELECT partition, position::int FROM spillway.message_applied ORDER BY id',
  );
  await client.end();
  for (const own of Map.groupBy(rows, (row) => row.partition).values()) {
    const positions = own.map(({ position }) => position);
    expect(positions).toEqual(positions.toSorted((a, b) => a - b));
  }
}
