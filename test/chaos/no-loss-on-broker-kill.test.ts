import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startKafka, startPostgres } from '@spillway/native';
import { createPostgresServerStore } from '@spillway/store-postgres';
import { postgresSection } from '@spillway/store-postgres/config';
import { type Addresses, runSpillway, SpillwayProcess } from '@spillway/test-support';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { judge } from './src/check/census.ts';
import { readWriteStore } from './src/check/read-stores.ts';
import { runSender, type SenderOptions } from './src/load/load.ts';
import { readSenderFiles } from './src/load/sender-file.ts';
import { seededRandom } from './src/random.ts';

const seed = Number(process.env.SPILLWAY_TEST_SEED ?? Date.now() % 1_000_000);
const dataDir = mkdtempSync(join(tmpdir(), 'spillway-brokers-'));
const signals = ['traces', 'logs', 'metrics'] as const;
const cleanups: (() => Promise<unknown> | unknown)[] = [
  () => rmSync(dataDir, { recursive: true, force: true }),
];
let kafka: Awaited<ReturnType<typeof startKafka>>;
let postgres: Awaited<ReturnType<typeof startPostgres>>;
let env: Record<string, string>;

beforeAll(async () => {
  postgres = await startPostgres();
  cleanups.push(() => postgres.remove());
  kafka = await startKafka({ brokers: 3 });
  cleanups.push(() => kafka.remove());
}, 300_000);

afterAll(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup();
});

async function startRole(role: string): Promise<{ process: SpillwayProcess; at: Addresses }> {
  const process = new SpillwayProcess({ dataDir, roles: [role], env: async () => env });
  cleanups.push(() => process.end('SIGKILL'));
  return { process, at: await process.start() };
}

async function writerLag(): Promise<number> {
  const { stdout, stderr } = await runSpillway(['lag', '--group', 'writer', '--json'], env);
  if (!stdout) throw new Error(stderr);
  const lags = JSON.parse(stdout) as { messages: number | null }[];
  return lags.reduce((sum, { messages }) => sum + (messages ?? Number.POSITIVE_INFINITY), 0);
}

/** Without any progress for so long, something is stuck: then it says what is known of it. */
const stallMs = 120_000;

async function untilRead(writer: SpillwayProcess): Promise<void> {
  let [last, movedMs] = [Number.NaN, performance.now()];
  for (let lag = await writerLag(); lag > 0; lag = await writerLag()) {
    if (lag !== last) [last, movedMs] = [lag, performance.now()];
    if (performance.now() - movedMs > stallMs) {
      const { stdout } = await runSpillway(['lag', '--json'], env);
      throw new Error(`the writer is stuck: ${stdout}\n${writer.output.slice(-8_000)}`);
    }
    await sleep(250);
  }
}

const drivers = ['platformatic', 'kafkajs'];
const promise = `three brokers, each killed in turn under load: nothing acknowledged is lost, no 500`;

it.each(drivers)(
  `${promise} (%s, seed ${seed})`,
  async (driver) => {
    const databaseUrl = await postgres.createDatabase();
    env = {
      SPILLWAY_BROKER_KIND: 'kafka',
      SPILLWAY_BROKER_KAFKA_DRIVER: driver,
      SPILLWAY_BROKER_KAFKA_BOOTSTRAP: kafka.bootstrap.join(','),
      SPILLWAY_STORE_WRITE_KIND: 'postgres',
      SPILLWAY_STORE_WRITE_POSTGRES_URL: databaseUrl,
    };
    const gateways = await Promise.all([startRole('gateway'), startRole('gateway')]);
    const writer = await startRole('writer');
    const random = seededRandom(seed);
    let stopped = false;
    const dir = join(dataDir, `senders-${driver}`);
    mkdirSync(dir);
    const sender = (signal: SenderOptions['signal'], i: number) =>
      runSender({
        name: `${driver.slice(0, 3)}-${signal}-${i}`,
        signal,
        dir,
        recordsPerRequest: 5,
        giveUpShare: 0.02,
        deafShare: 0.05,
        random,
        endpoint: () => gateways[i % gateways.length]?.at.otlpHttp,
        stopped: () => stopped,
      });
    const senders = signals.flatMap((signal) => [0, 1, 2, 3].map((i) => sender(signal, i)));
    for (const server of kafka.servers) {
      await sleep(2_000);
      await server.kill();
      await sleep(5_000);
      await server.start();
    }
    await sleep(2_000);
    stopped = true;
    await Promise.all(senders);
    const logs = readSenderFiles(dir);
    await untilRead(writer.process);
    for (const { process } of [...gateways, writer]) expect(await process.end('SIGTERM')).toBe(0);

    const answers = new Set(logs.flatMap((log) => [...log.answers.keys()]));
    expect([...answers].filter((answer) => answer !== '200' && answer !== '503')).toEqual([]);
    const section = postgresSection.parse({ url: databaseUrl });
    const store = createPostgresServerStore({ ...section, retentionMs: 7 * 86_400_000 });
    const verdict = judge((await readWriteStore(store)).census, logs);
    const { acknowledged } = verdict;
    expect(acknowledged).toBeGreaterThan(1_000);
    expect(verdict).toEqual({ acknowledged, lost: [], doubled: [], outOfOrder: [] });
  },
  600_000,
);
