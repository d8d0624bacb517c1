import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const bin = join(here, '../../../apps/spillway/bin/spillway.js');
/** As in the first line of the launcher. */
const nodeFlags = ['--max-semi-space-size=1'];
const freePorts = ['--gateway.httpPort', '0', '--gateway.grpcPort', '0', '--console.port', '0'];

export interface Addresses {
  otlpHttp: string;
  otlpGrpc: string;
  console: string;
}

export interface SpillwayProcessOptions {
  dataDir: string;
  /** Another program that takes the same arguments; `spillway` by default. */
  program?: string;
  /** After `up`. */
  args?: readonly string[];
  /** Beside the test's own environment. */
  env?: () => Promise<Readonly<Record<string, string>>>;
}

/** `spillway up` as a child process on free ports. */
export class SpillwayProcess {
  readonly #options: SpillwayProcessOptions;
  #child: ChildProcess | undefined;
  #output = '';

  constructor(options: SpillwayProcessOptions) {
    this.#options = options;
  }

  get output(): string {
    return this.#output;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** Resolves when it is ready. */
  async start(): Promise<Addresses> {
    const { dataDir, program = bin, args = [], env } = this.#options;
    const runFile = join(dataDir, 'run.json');
    rmSync(runFile, { force: true }); // Left by a kill.
    const words = [...nodeFlags, program, 'up', '--data', dataDir, ...freePorts, ...args];
    const child = spawn(process.execPath, words, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...(await env?.()) },
    });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (part: Buffer) => {
        this.#output = (this.#output + part.toString()).slice(-100_000);
      });
    }
    while (!existsSync(runFile)) {
      if (child.exitCode !== null || child.signalCode !== null) {
        throw new Error(`spillway did not start:\n${this.#output}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return (JSON.parse(readFileSync(runFile, 'utf8')) as { addresses: Addresses }).addresses;
  }

  /** `SIGKILL` gives nobody a chance; `SIGTERM` is a graceful stop. Resolves with the exit code. */
  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return null;
    const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
    child.kill(signal);
    return ended;
  }
}

/** Runs one command to its end, without throwing on its exit code. */
export async function runSpillway(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [...nodeFlags, bin, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (part: Buffer) => {
    stdout += part.toString();
  });
  child.stderr.on('data', (part: Buffer) => {
    stderr += part.toString();
  });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, stdout, stderr };
}
