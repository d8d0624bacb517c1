import { readdirSync, readFileSync } from 'node:fs';

/** Clock ticks of /proc/<pid>/stat: USER_HZ, which is 100 on every architecture that Node runs on. */
const ticksPerSecond = 100;

interface ProcessStat {
  state: string;
  parent: number;
  /** Its own and that of its children that have ended. */
  cpuTicks: number;
  /** Ticks since boot; with the pid it names a process for good. */
  startTicks: number;
}

/** A process and all that descend from it, parents first; empty when it has ended. */
export function treeOf(pid: number): number[] {
  if (!isAlive(pid)) return [];
  const children = new Map<number, number[]>();
  for (const entry of readdirSync('/proc')) {
    const parent = /^\d+$/.test(entry) ? statOf(Number(entry))?.parent : undefined;
    if (parent === undefined) continue;
    const siblings = children.get(parent);
    if (siblings) siblings.push(Number(entry));
    else children.set(parent, [Number(entry)]);
  }
  const tree = [pid];
  for (const member of tree) tree.push(...(children.get(member) ?? []));
  return tree;
}

export function isAlive(pid: number): boolean {
  const state = statOf(pid)?.state;
  return state !== undefined && state !== 'Z' && state !== 'X';
}

/** When a process started, to distinguish it from a later one with the same pid. */
export function startTicksOf(pid: number): number | undefined {
  return isAlive(pid) ? statOf(pid)?.startTicks : undefined;
}

export function cpuSecondsOf(pid: number): number {
  const ticks = treeOf(pid).reduce((sum, member) => sum + (statOf(member)?.cpuTicks ?? 0), 0);
  return ticks / ticksPerSecond;
}

/** Sends a signal to each; those that have ended are passed over. */
export function signalAll(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}

/** Ends a whole tree with SIGKILL. Stopped first, it cannot fork away from the list. */
export function killTree(pid: number): number[] {
  signalAll(treeOf(pid), 'SIGSTOP');
  const tree = treeOf(pid);
  signalAll(tree, 'SIGKILL');
  return tree;
}

function statOf(pid: number): ProcessStat | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return undefined; // it has ended
  }
  // proc(5): the name, in parentheses, may contain anything; the fields after it are numbered from 3.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const field = (number: number) => Number(fields[number - 3]);
  return {
    state: fields[0] ?? 'X',
    parent: field(4),
    cpuTicks: field(14) + field(15) + field(16) + field(17),
    startTicks: field(22),
  };
}
