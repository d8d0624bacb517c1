import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startTicksOf } from '../process-tree.ts';
import type { KindName } from './kinds.ts';

/** A server that `up` has started and that should still run. */
export interface KnownServer {
  name: string;
  address: string;
  pid: number;
  /** When it started, in ticks since boot: a later process with its pid is not it. */
  startTicks: number;
}

export interface KnownKind {
  servers: KnownServer[];
  environment: Record<string, string>;
}

export type StackState = Partial<Record<KindName, KnownKind>>;

export async function readState(dir: string): Promise<StackState> {
  try {
    return JSON.parse(await readFile(stateFile(dir), 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw new Error(`${stateFile(dir)} cannot be read`, { cause: error });
  }
}

export async function writeState(dir: string, state: StackState): Promise<void> {
  const draft = `${stateFile(dir)}.draft`;
  await writeFile(draft, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 });
  await rename(draft, stateFile(dir));
}

export function isRunning({ pid, startTicks }: KnownServer): boolean {
  return startTicksOf(pid) === startTicks;
}

function stateFile(dir: string): string {
  return join(dir, 'state.json');
}
