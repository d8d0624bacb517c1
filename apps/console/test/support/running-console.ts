/** A console on real embedded parts, filled with the shop's telemetry. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  deadLetterHeaders,
  deadLetterTopicOf,
  LagBoard,
  type OutgoingMessage,
  stampHeaders,
  topicOf,
} from '@spillway/broker';
import { createEmbeddedBroker } from '@spillway/broker-embedded';
import { DeadLetters } from '@spillway/dead-letters';
import { encodeRequest, type TelemetryRecord } from '@spillway/otlp';
import type { DecodedMessage, SearchStore } from '@spillway/store';
import { createDuckdbSearchStore } from '@spillway/store-duckdb';
import { createMemoryLiveStore } from '@spillway/store-memory';
import { auditOnce } from '../../../../packages/ledger/test/audit-once.ts';
import {
  type Console,
  type ConsoleOptions,
  consoleSection,
  createConsole,
} from '../../src/index.ts';
import { fleetInTrouble } from './fleet-in-trouble.ts';
import { sinks } from './sinks.ts';

export type RunningConsole = Awaited<ReturnType<typeof runConsole>>;

export interface RunConsoleOptions {
  messages: readonly DecodedMessage[];
  /** Of the broker. */
  clock?: () => number;
  /** Instead of the defaults of the test. */
  options?: Partial<ConsoleOptions>;
}

const topics = [...Object.values(topicOf), ...Object.values(deadLetterTopicOf)];

export async function runConsole(run: RunConsoleOptions) {
  const { messages, clock = Date.now, options = {} } = run;
  const dir = await mkdtemp(join(tmpdir(), 'spillway-console-'));
  const broker = createEmbeddedBroker({ dir: join(dir, 'log'), fsync: false, clock });
  const search = createDuckdbSearchStore({ dir: join(dir, 'search') });
  const live = createMemoryLiveStore();
  await Promise.all([broker.start(), search.start(), live.start()]);
  await broker.ensureTopics(topics.map((name) => ({ name, partitions: 2 })));
  for (const { group } of sinks) {
    const subscription = await broker.subscribe({ group, topics: Object.values(topicOf) });
    await subscription.close();
  }
  await search.apply(messages);
  await live.apply(messages);
  const page: Console = createConsole({
    config: consoleSection.parse({ port: 0 }),
    lagBoard: new LagBoard({ broker, groups: [] }),
    search,
    live,
    sinks,
    deadLetters: new DeadLetters(broker),
    ledger: async () => readLedger(search),
    admin: {
      ready: () => ({ ok: true, components: [{ name: 'gateway', ok: true, detail: 'direct' }] }),
      metrics: async ({ tenants }) => `# tenants ${tenants}\n# EOF\n`,
      fleet: async () => fleetInTrouble(Date.now()),
    },
    clock: Date.now,
    ...options,
  });
  await page.start();
  return {
    broker,
    search,
    live,
    address: page.address ?? '',
    async stop(): Promise<void> {
      await page.stop();
      await Promise.all([search.stop(), live.stop(), broker.stop()]);
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** Both sinks' side of the ledger told by the search store, which alone is filled here. */
async function readLedger(search: SearchStore) {
  const range = { fromMinute: 0, toMinute: Number.MAX_SAFE_INTEGER };
  const [applied, rows] = await Promise.all([
    search.appliedMessages(range),
    search.rowCounts(range),
  ]);
  const sink = { applied, rows, waiting: [], deadLetters: [], expired: [], undecided: [] };
  const told = sinks.filter(({ name }) => name !== 'live').map((of) => ({ sink: of, ...sink }));
  return auditOnce({ noted: [], refused: [], spilled: [], spills: [], sinks: told });
}

/** A message that no group has read yet. */
export function waitingMessage(records: readonly TelemetryRecord[]): OutgoingMessage {
  const headers = stampHeaders({
    gateway: 'gw-test',
    epoch: 1,
    sequence: 1,
    tenant: 'default',
    records: records.length,
    receivedMs: Date.now(),
  });
  const value = [encodeRequest('traces', records)];
  return { topic: topicOf.traces, partition: 0, key: 'default', value, headers };
}

/** As the consumer publishes it when a store cannot take a record. */
export function deadLetter(records: readonly TelemetryRecord[], position: number): OutgoingMessage {
  const message = waitingMessage(records);
  const headers = {
    ...message.headers,
    [deadLetterHeaders.group]: 'search',
    [deadLetterHeaders.code]: 'malformed-record',
    [deadLetterHeaders.reason]: 'span 3: its name is not UTF-8 <b>at byte 112</b>',
    [deadLetterHeaders.source]: `${topicOf.traces}/0/${position}`,
    [deadLetterHeaders.records]: String(records.length),
    'spillway-seq': `gw-test/1/${position + 1}`,
  };
  return { ...message, topic: deadLetterTopicOf.traces, headers };
}
