import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Figure, figure, printFigures, processCpuMicros } from './measure.ts';
import { post } from './post.ts';
import { spanRequest, spansPerRequest } from './requests.ts';

const server = fileURLToPath(new URL('./gateway-server.ts', import.meta.url));
const connections = 32;
const requestsPerRound = 4_000;
const rounds = 3;

/**
 * OTLP/HTTP protobuf until the records are durable in the embedded log, fsynced, over 4 partitions,
 * beside a Node server that reads and discards: alternating rounds in one run.
 */
export async function benchGateway(): Promise<void> {
  const bodies = Array.from({ length: 200 }, (_, i) => spanRequest(i));
  const figures: Figure[] = [];
  for (let round = 1; round <= rounds; round++) {
    for (const side of ['floor', 'gateway'] as const) {
      figures.push(await sideFigure(side, bodies, round));
    }
  }
  const size = bodies[0]?.length;
  printFigures(`gateway, requests of ${spansPerRequest} spans, ${size} bytes`, 'request', figures);
}

async function sideFigure(side: 'floor' | 'gateway', bodies: readonly Uint8Array[], round: number) {
  const dir = mkdtempSync(join(tmpdir(), 'spillway-bench-'));
  const child = spawn(process.execPath, [server, side, dir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const address = String((await once(child.stdout, 'data'))[0]).trim();
  await load(address, bodies, requestsPerRound / 8);
  const before = processCpuMicros(child.pid as number);
  await load(address, bodies, requestsPerRound);
  const cpu = processCpuMicros(child.pid as number) - before;
  await end(child);
  rmSync(dir, { recursive: true });
  const name = side === 'floor' ? 'read and discard' : 'durable in the log';
  return figure(`${name}, round ${round}`, cpu, requestsPerRound);
}

async function load(address: string, bodies: readonly Uint8Array[], count: number): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) {
      const status = await post(`http://${address}`, bodies[next++ % bodies.length] as Uint8Array);
      if (status !== 200) throw new Error(`answered ${status}`);
    }
  };
  await Promise.all(Array.from({ length: connections }, worker));
}

async function end(child: ChildProcess): Promise<void> {
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}
