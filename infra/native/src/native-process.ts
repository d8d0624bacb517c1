import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { whenThisProcessEnds } from './at-exit.ts';
import { as } from './data-folder.ts';
import { cpuSecondsOf, isAlive, killTree, signalAll, treeOf } from './process-tree.ts';
import type { NativeServer } from './server.ts';

export interface ProcessOptions {
  name: string;
  address: string;
  command: readonly [string, ...string[]];
  /** Its working folder, where its output is kept as `<name>.log`. */
  dir: string;
  env?: Record<string, string>;
  /** Runs as this user; only root can ask for another than itself. */
  user?: string | undefined;
  stopSignal: NodeJS.Signals;
  /** Resolves true when a client got a real answer; may reject while no process listens. */
  answers: () => Promise<boolean>;
  startTimeoutMs: number;
  outlive?: boolean | undefined;
}

const pollMs = 50;
const stopTimeoutMs = 60_000;
const killTimeoutMs = 10_000;
const logTailChars = 4000;

/**
 * A server in a session and process group of its own, so that a Ctrl-C here does not reach it. The
 * kernel kills it when this process ends, however that happens (PR_SET_PDEATHSIG, by setpriv).
 */
export class NativeProcess implements NativeServer {
  readonly name: string;
  readonly address: string;
  readonly #options: ProcessOptions;
  #child: ChildProcess | undefined;

  constructor(options: ProcessOptions) {
    this.name = options.name;
    this.address = options.address;
    this.#options = options;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  async start(): Promise<void> {
    if (isAlive(this.pid)) throw new Error(`${this.name} runs already`);
    this.#child = this.#spawn();
    const deadline = Date.now() + this.#options.startTimeoutMs;
    while (!(await this.#options.answers().catch(() => false))) {
      if (!isAlive(this.pid)) throw await this.#failure('ended while it started');
      if (Date.now() > deadline) {
        await this.kill();
        throw await this.#failure(`did not answer within ${this.#options.startTimeoutMs} ms`);
      }
      await sleep(pollMs);
    }
  }

  async stop(): Promise<void> {
    if (!isAlive(this.pid)) return;
    const tree = treeOf(this.pid);
    this.resume();
    signalAll([this.pid], this.#options.stopSignal);
    if (await haveEnded(tree, stopTimeoutMs)) return;
    await this.kill();
    throw await this.#failure(`did not stop within ${stopTimeoutMs} ms and was killed`);
  }

  async kill(): Promise<void> {
    const tree = killTree(this.pid);
    if (await haveEnded(tree, killTimeoutMs)) return;
    throw new Error(`${this.name} is still there after SIGKILL: ${tree.filter(isAlive)}`);
  }

  pause(): void {
    signalAll(treeOf(this.pid), 'SIGSTOP');
  }

  resume(): void {
    signalAll(treeOf(this.pid), 'SIGCONT');
  }

  cpuSeconds(): number {
    return cpuSecondsOf(this.pid);
  }

  get #logFile(): string {
    return join(this.#options.dir, `${this.name}.log`);
  }

  #spawn(): ChildProcess {
    const { command, dir, env, outlive } = this.#options;
    const [program, ...args] = this.#asWhom(command);
    const log = openSync(this.#logFile, 'a');
    const child = spawn(program, args, {
      cwd: dir,
      env: { ...process.env, ...env },
      detached: true,
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    child.on('error', () => undefined); // without a pid it is not alive, which start() reports
    child.unref();
    if (!outlive && child.pid !== undefined) {
      const { pid } = child;
      child.once(
        'exit',
        whenThisProcessEnds(() => killTree(pid)),
      );
    }
    return child;
  }

  #asWhom(command: ProcessOptions['command']): [string, ...string[]] {
    const { user, outlive } = this.#options;
    if (outlive) return [...as(user), ...command] as [string, ...string[]];
    // Had we ended before setpriv asked for the signal, no process would send it: look for us
    // again.
    const unlessOrphaned = ['sh', '-c', '[ "$PPID" = "$0" ] && exec "$@"', String(process.pid)];
    const setpriv = user === undefined ? ['setpriv'] : as(user);
    return [...setpriv, '--pdeathsig=KILL', ...unlessOrphaned, ...command] as [string, ...string[]];
  }

  async #failure(what: string): Promise<Error> {
    const log = await readFile(this.#logFile, 'utf8').catch(() => '');
    return new Error(`${this.name} ${what}; its log ends with:\n${log.slice(-logTailChars)}`);
  }
}

async function haveEnded(pids: readonly number[], timeoutMs: number): Promise<boolean> {
  const deadline = Date.now() + timeoutMs;
  while (pids.some(isAlive)) {
    if (Date.now() > deadline) return false;
    await sleep(pollMs / 5);
  }
  return true;
}
