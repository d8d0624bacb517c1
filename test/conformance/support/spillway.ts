import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export interface Spillway {
  /** `host:port` */
  http: string;
  grpc: string;
  /** GET of the query API; throws on anything but 200 and 404, which gives undefined. */
  get<T>(path: string): Promise<T | undefined>;
  stop(): Promise<void>;
}

const program = fileURLToPath(new URL('../../../apps/spillway/bin/spillway.js', import.meta.url));
const freePorts = ['--gateway.httpPort', '0', '--gateway.grpcPort', '0', '--console.port', '0'];

/** `spillway up` as a user starts it, on free ports and a data folder of its own. */
export async function startSpillway(): Promise<Spillway> {
  const data = await mkdtemp(join(tmpdir(), 'conformance-'));
  const args = [program, 'up', '--data', data, ...freePorts];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  let output = '';
  const hear = (part: Buffer): void => {
    output = `${output}${part}`.slice(-20_000);
  };
  child.stdout.on('data', hear);
  child.stderr.on('data', hear);
  const runFile = join(data, 'run.json');
  while (!existsSync(runFile)) {
    if (child.exitCode !== null) throw new Error(`spillway did not start:\n${output}`);
    await sleep(50);
  }
  const { addresses } = JSON.parse(readFileSync(runFile, 'utf8'));
  return {
    http: hostAndPort(addresses.otlpHttp),
    grpc: hostAndPort(addresses.otlpGrpc),
    get: (path) => get(addresses.console, path),
    async stop() {
      child.kill('SIGTERM');
      await ended;
      await rm(data, { recursive: true, force: true });
    },
  };
}

async function get<T>(base: string, path: string): Promise<T | undefined> {
  const response = await fetch(`${base}${path}`);
  if (response.status === 404) return undefined;
  const body = await response.text();
  if (!response.ok) throw new Error(`${path}: ${response.status} ${body}`);
  return JSON.parse(body) as T;
}

function hostAndPort(address: string): string {
  return address.replace(/^\w+:\/\//, '');
}
