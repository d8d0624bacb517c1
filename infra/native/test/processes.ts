import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, vi } from 'vitest';
import { isAlive, signalAll, treeOf } from '../src/process-tree.ts';

const ownerProgram = fileURLToPath(new URL('owner.ts', import.meta.url));
const endTimeoutMs = 10_000;

/** Waits until all of them have ended, and names those that do not. */
export async function expectEnded(pids: readonly number[]): Promise<void> {
  expect(pids).not.toHaveLength(0);
  await vi.waitFor(() => expect(pids.filter(isAlive)).toEqual([]), { timeout: endTimeoutMs });
}

/** Lets a process start a server, kills that process, and expects the whole server to go too. */
export async function expectEndWithOwner(kind: 'postgres' | 'rabbitmq' | 'redis'): Promise<void> {
  const dir = join(tmpdir(), `spillway-native-owned-${randomUUID()}`);
  const owner = spawn(process.execPath, [ownerProgram, kind, dir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let pids: number[] = [];
  try {
    const [line] = await Promise.race([once(owner.stdout, 'data'), once(owner, 'exit')]);
    pids = treeOf(Number(line));
    owner.kill('SIGKILL');
    await expectEnded(pids);
  } finally {
    owner.kill('SIGKILL');
    signalAll(pids, 'SIGKILL');
    await rm(dir, { recursive: true, force: true });
  }
}
