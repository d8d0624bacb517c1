import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createKey } from '@spillway/keys';
import { onTestFinished } from 'vitest';
import { stringify } from 'yaml';

const program = fileURLToPath(new URL('./gateway-process.ts', import.meta.url));

export interface RunningGateway {
  pid: number;
  http: string;
  grpc: string;
}

/** A real gateway process, ended with the test. */
export async function runProcess(options: {
  gateway: object;
  redis?: object;
}): Promise<RunningGateway> {
  const dir = mkdtempSync(join(tmpdir(), 'spillway-gateway-'));
  const child = spawn(process.execPath, [program, JSON.stringify({ dir, ...options })], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(async () => {
    const exited = child.exitCode === null ? once(child, 'exit') : undefined;
    child.kill('SIGKILL');
    await exited;
    rmSync(dir, { recursive: true, force: true });
  });
  const [line] = await once(child.stdout, 'data');
  return { pid: child.pid as number, ...JSON.parse(String(line)) };
}

/** A keys file with a key for each tenant. */
export function keysFor(tenants: readonly string[]): {
  keysFile: string;
  authorization: (tenant: string) => string;
} {
  const dir = mkdtempSync(join(tmpdir(), 'spillway-keys-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const made = tenants.map((tenant) => createKey({ name: tenant, tenant, scopes: ['ingest'] }));
  const keysFile = join(dir, 'keys.yaml');
  writeFileSync(keysFile, stringify(made.map(({ entry }) => entry)));
  const keys = new Map(made.map(({ key }, i) => [tenants[i], `Bearer ${key}`]));
  return { keysFile, authorization: (tenant) => keys.get(tenant) ?? '' };
}
