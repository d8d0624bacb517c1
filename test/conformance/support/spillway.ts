import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SpillwayProcess } from '@spillway/test-support';
import type { Expected } from './expected.ts';

export interface Spillway {
  /** `host:port` */
  http: string;
  grpc: string;
  /** Everything that was sent to it so far. */
  sent: Expected[];
  /** GET of the query API; 404 gives undefined, any other refusal throws. */
  get<T>(path: string): Promise<T | undefined>;
  stop(): Promise<void>;
}

/** `spillway up` as a user starts it, on free ports and a data folder of its own. */
export async function startSpillway(): Promise<Spillway> {
  const dataDir = await mkdtemp(join(tmpdir(), 'conformance-'));
  const running = new SpillwayProcess({ dataDir });
  const addresses = await running.start();
  return {
    http: hostAndPort(addresses.otlpHttp),
    grpc: hostAndPort(addresses.otlpGrpc),
    sent: [],
    get: (path) => get(addresses.console, path),
    async stop() {
      await running.end('SIGTERM');
      await rm(dataDir, { recursive: true, force: true });
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
