import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createKey } from '@spillway/keys';
import { stringify } from 'yaml';
import { figure, printFigures, processCpuMicros } from './measure.ts';
import { spanRequest, spansPerRequest } from './requests.ts';

const server = fileURLToPath(new URL('./gateway-server.ts', import.meta.url));
/** Of the noisy tenant: five requests a second; it sends 50 times as many. */
const quotaRequests = 5;
const noiseRequests = 50 * quotaRequests;
const quietRequests = 100;
const roundMs = 6_000;
const rounds = 3;
const costRequests = 4_000;

interface Door {
  address: string;
  pid: number;
  authorization: (tenant: string) => string;
  end: () => Promise<void>;
}

/**
 * What a tenant at 50 times its quota costs another one on the same gateway (embedded log, fsync),
 * and what a refused request costs beside an accepted one. Alternating rounds in one run.
 */
export async function benchNoise(): Promise<void> {
  const door = await open();
  const body = spanRequest(1);
  const quietMs = (ms: number) =>
    paced({ door, tenant: 'quiet', body, perSecond: quietRequests, ms });
  const noise = (ms: number) =>
    paced({ door, tenant: 'noisy', body, perSecond: noiseRequests, ms });
  await Promise.all([quietMs(3_000), noise(3_000)]);
  const line = `${quietRequests} requests a second of a tenant beside ${noiseRequests} of one that may ${quotaRequests}`;
  process.stdout.write(`\nnoise: ${line}\n`);
  for (let round = 1; round <= rounds; round++) {
    const alone = await quietMs(roundMs);
    const [beside, noisy] = await Promise.all([quietMs(roundMs), noise(roundMs)]);
    print(`round ${round}, without noise`, alone);
    print(`round ${round}, with noise, ${refusedOf(noisy)} of it refused`, beside);
  }
  const figures = [
    figure('accepted, durable in the embedded log', await costOf(door, 'quiet', body), 1),
    figure('refused by the quota', await costOf(door, 'noisy', body), 1),
  ];
  printFigures(`a request of ${spansPerRequest} spans, ${body.length} bytes`, 'request', figures);
  await door.end();
}

async function open(): Promise<Door> {
  const dir = mkdtempSync(join(tmpdir(), 'spillway-bench-'));
  const made = ['noisy', 'quiet'].map((tenant) =>
    createKey({ name: tenant, tenant, scopes: ['ingest'] }),
  );
  const keysFile = join(dir, 'keys.yaml');
  writeFileSync(keysFile, stringify(made.map(({ entry }) => entry)));
  const tenants = { noisy: { recordsPerSecondMax: quotaRequests * spansPerRequest } };
  const section = JSON.stringify({ keysFile, tenants });
  const child = spawn(process.execPath, [server, 'embedded', join(dir, 'log'), section], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const address = String((await once(child.stdout, 'data'))[0]).trim();
  return {
    address,
    pid: child.pid as number,
    authorization: (tenant) => `Bearer ${made[tenant === 'noisy' ? 0 : 1]?.key}`,
    end: async () => {
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
      rmSync(dir, { recursive: true });
    },
  };
}

interface Answer {
  status: number;
  tookMs: number;
}

/** Sends at a fixed rate, however long answers take. */
async function paced(load: {
  door: Door;
  tenant: string;
  body: Uint8Array;
  perSecond: number;
  ms: number;
}): Promise<Answer[]> {
  const { door, tenant, body, perSecond, ms } = load;
  const agent = new Agent({ keepAlive: true, maxSockets: 32 });
  const sent: Promise<Answer>[] = [];
  const began = performance.now();
  for (let n = 0; n < (perSecond * ms) / 1_000; n++) {
    const waitMs = began + (n * 1_000) / perSecond - performance.now();
    if (waitMs > 1) await sleep(waitMs);
    sent.push(post(door, tenant, { agent, body }));
  }
  const answers = await Promise.all(sent);
  agent.destroy();
  return answers;
}

function post(
  { address, authorization }: Door,
  tenant: string,
  { agent, body }: { agent: Agent; body: Uint8Array },
): Promise<Answer> {
  const began = performance.now();
  return new Promise((resolve, reject) => {
    const headers = {
      'content-type': 'application/x-protobuf',
      'content-length': body.byteLength,
      authorization: authorization(tenant),
    };
    const call = request(`http://${address}/v1/traces`, { method: 'POST', agent, headers });
    call.on('response', (response) => {
      response.resume();
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, tookMs: performance.now() - began });
      });
    });
    call.on('error', reject);
    call.end(body);
  });
}

/** CPU time of the gateway per request, at full speed over 16 connections, behind a warm-up. */
async function costOf(door: Door, tenant: string, body: Uint8Array): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: 16 });
  const send = async (count: number): Promise<void> => {
    let next = 0;
    const worker = async (): Promise<void> => {
      while (next++ < count) await post(door, tenant, { agent, body });
    };
    await Promise.all(Array.from({ length: 16 }, worker));
  };
  await send(costRequests / 2);
  const before = processCpuMicros(door.pid);
  await send(costRequests);
  const micros = (processCpuMicros(door.pid) - before) / costRequests;
  agent.destroy();
  return micros;
}

function refusedOf(answers: readonly Answer[]): string {
  const refused = answers.filter(({ status }) => status === 429).length;
  return `${((100 * refused) / answers.length).toFixed(0)} %`;
}

function print(name: string, answers: readonly Answer[]): void {
  const took = answers.map(({ tookMs }) => tookMs).sort((a, b) => a - b);
  const at = (part: number): string => (took[Math.floor(took.length * part)] ?? 0).toFixed(1);
  const refused = answers.filter(({ status }) => status !== 200).length;
  process.stdout.write(
    `  ${name.padEnd(44)} p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, ${refused} refused\n`,
  );
}
