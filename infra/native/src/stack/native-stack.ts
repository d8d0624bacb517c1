import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { withLock } from '../lock.ts';
import { killTree, signalAll, startTicksOf, treeOf } from '../process-tree.ts';
import { type Kind, type KindName, kinds } from './kinds.ts';
import { isRunning, type KnownKind, type KnownServer, readState, writeState } from './state.ts';

export interface StackRequest {
  /** Folder of the state and of the data. */
  dir: string;
  only: readonly KindName[];
  print: (line: string) => void;
}

const stopTimeoutMs = 30_000;
const pollMs = 50;

/** Starts what does not run yet; its data are those of the last time. */
export async function up(request: StackRequest): Promise<void> {
  await alone(request.dir, () => startAll(request));
}

/** Ends what `up` has started, and nothing else; data stay. */
export async function down({ dir, only, print }: StackRequest): Promise<void> {
  await alone(dir, async () => {
    const state = await readState(dir);
    for (const name of only) {
      const servers = state[name]?.servers ?? [];
      await Promise.all(servers.map((server) => end(server, kinds[name])));
      for (const server of servers) print(`${server.name} has ended`);
      delete state[name];
      await writeState(dir, state);
    }
  });
}

/** Says of each server whether it answers; resolves whether all do. */
export async function status({ dir, only, print }: StackRequest): Promise<boolean> {
  const state = await readState(dir);
  let allAnswer = true;
  for (const name of only) {
    for (const server of state[name]?.servers ?? []) {
      const says = await condition(server, kinds[name]);
      allAnswer &&= says === 'answers';
      print(`${server.name.padEnd(16)}${server.address.padEnd(24)}${says}`);
    }
  }
  if (only.every((name) => state[name] === undefined)) print('nothing was started');
  return allAnswer;
}

async function startAll({ dir, only, print }: StackRequest): Promise<void> {
  const state = await readState(dir);
  for (const name of only) {
    const known = state[name];
    if (known?.servers.every(isRunning)) {
      print(`${name} is up already at ${addresses(known)}`);
      continue;
    }
    // Of a cluster that lost a member, the rest still holds the data folders.
    await Promise.all((known?.servers ?? []).map((server) => end(server, kinds[name])));
    print(`starting ${name} …`);
    const started = await start(dir, name);
    state[name] = started;
    await writeState(dir, state);
    print(`${name} is up at ${addresses(started)}${elsewhere(started, kinds[name])}`);
  }
  const shown = only.flatMap((name) => Object.entries(state[name]?.environment ?? {}));
  print('\nTo start Spillway on them:\n');
  for (const [key, value] of shown) print(`  ${key}=${value} \\`);
  const config = only.find((name) => name === 'kafka' || name === 'rabbitmq') ?? 'kafka';
  print(`  npx spillway up --config infra/examples/${config}.yaml`);
}

async function start(dir: string, name: KindName): Promise<KnownKind> {
  const { ports, start } = kinds[name];
  const { servers, environment } = await start({ dir: join(dir, name), ports, outlive: true });
  const known = servers.map(({ name, address, pid }) => {
    return { name, address, pid, startTicks: startTicksOf(pid) ?? 0 };
  });
  return { servers: known, environment };
}

async function end(server: KnownServer, { stopSignal }: Kind): Promise<void> {
  if (!isRunning(server)) return;
  signalAll(treeOf(server.pid), 'SIGCONT');
  signalAll([server.pid], stopSignal);
  const deadline = Date.now() + stopTimeoutMs;
  while (isRunning(server)) {
    if (Date.now() > deadline + stopTimeoutMs) throw new Error(`${server.name} does not end`);
    if (Date.now() > deadline) killTree(server.pid);
    await sleep(pollMs);
  }
}

async function condition(server: KnownServer, { answers }: Kind): Promise<string> {
  if (!isRunning(server)) return 'has ended';
  const port = Number(server.address.split(':')[1]);
  return (await answers(port).catch(() => false)) ? 'answers' : 'does not answer';
}

function addresses({ servers }: KnownKind): string {
  return servers.map(({ address }) => address).join(', ');
}

function elsewhere({ servers }: KnownKind, { ports }: Kind): string {
  const taken = servers
    .map(({ address }, index) => [Number(address.split(':')[1]), ports[index]])
    .flatMap(([port, usual]) => (port === usual ? [] : [usual]));
  return taken.length > 0 ? ` (${taken.join(', ')} not free)` : '';
}

function alone(dir: string, work: () => Promise<void>): Promise<void> {
  return withLock(join(dir, 'lock'), work);
}
