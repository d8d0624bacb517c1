import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Addresses, caughtUp, SpillwayProcess } from '@spillway/test-support';
import { processCpuMicros, residentMebibytes } from './measure.ts';
import { post } from './post.ts';
import { spanRequest, spansPerRequest } from './requests.ts';

const restMs = 5_000;
const requests = 600;
const connections = 16;

/** All parts in one process: start, rest, sustained load through every store, and freshness. */
export async function benchWhole(): Promise<void> {
  const dataDir = mkdtempSync(join(tmpdir(), 'spillway-bench-'));
  const spillway = new SpillwayProcess({ dataDir });
  say('the whole, every embedded part in one process');
  await start(spillway, 'first start');
  await spillway.end('SIGTERM');
  const addresses = await start(spillway, 'second start');
  await sleep(restMs);
  say(`  at rest: ${residentMebibytes(spillway.pid)} MiB resident`);
  await sustained(spillway, addresses);
  await freshness(addresses);
  say(`  after the load: ${residentMebibytes(spillway.pid)} MiB resident`);
  await spillway.end('SIGTERM');
  rmSync(dataDir, { recursive: true });
}

async function start(spillway: SpillwayProcess, name: string): Promise<Addresses> {
  const startedAt = performance.now();
  const addresses = await spillway.start();
  const cpu = (processCpuMicros(spillway.pid) / 1e6).toFixed(1);
  say(`  ${name}: ready after ${seconds(startedAt)} s and ${cpu} CPU-seconds`);
  return addresses;
}

/** The time runs until every store has everything. */
async function sustained(spillway: SpillwayProcess, addresses: Addresses): Promise<void> {
  const bodies = Array.from({ length: requests }, (_, i) => spanRequest(1_000 + i));
  const before = processCpuMicros(spillway.pid);
  const startedAt = performance.now();
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < requests) {
      const body = bodies[next++] as Uint8Array;
      while ((await post(addresses.otlpHttp, body)) !== 200) await sleep(20);
    }
  };
  await Promise.all(Array.from({ length: connections }, worker));
  const answered = seconds(startedAt);
  await caughtUp(addresses);
  const spans = requests * spansPerRequest;
  const cpu = (processCpuMicros(spillway.pid) - before) / spans;
  const rate = Math.round(spans / Number(seconds(startedAt)));
  say(
    `  ${spans} spans: answered after ${answered} s, in every store after ${seconds(startedAt)} s`,
  );
  say(`  sustained: ${rate} spans a second, ${cpu.toFixed(0)} µs of CPU per span`);
}

/** From the answer to the first query that sees it. */
async function freshness({ otlpHttp, console: page }: Addresses): Promise<void> {
  const seed = 9_999_999;
  await post(otlpHttp, spanRequest(seed));
  const startedAt = performance.now();
  const traceId = `${seed.toString(16).padStart(16, '0')}${(1).toString(16).padStart(16, '0')}`;
  while (!(await fetch(`${page}/api/traces/${traceId}`)).ok) await sleep(10);
  say(`  visible ${seconds(startedAt)} s after the answer`);
}

function seconds(since: number): string {
  return ((performance.now() - since) / 1_000).toFixed(2);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
