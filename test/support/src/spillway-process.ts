import { type ChildProcess, spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const bin = join(here, '../../../apps/spillway/bin/spillway.js');
/** As in the first line of the launcher. */
const nodeFlags = ['--max-semi-space-size=1'];
const freePorts = ['gateway.httpPort', 'gateway.grpcPort', 'console.port', 'admin.port'].flatMap(
  (key) => [`--${key}`, '0'],
);

/** '' for a door that the process does not have. */
export interface Addresses {
  otlpHttp: string;
  otlpGrpc: string;
  console: string;
  admin: string;
}

export interface SpillwayProcessOptions {
  dataDir: string;
  /** Another program that takes the same arguments; `spillway` by default. */
  program?: string;
  /** All of them when there are none. */
  roles?: readonly string[];
  /** After the roles. */
  args?: readonly string[];
  /** What starts it, e.g. with a lower limit of the system. */
  under?: readonly string[];
  /** Beside those of the launcher. */
  nodeArgs?: readonly string[];
  /** Beside the test's own environment. */
  env?: () => Promise<Readonly<Record<string, string>>>;
}

/** `spillway up` as a child process on free ports. */
export class SpillwayProcess {
  readonly #options: SpillwayProcessOptions;
  #child: ChildProcess | undefined;
  #output = '';
  #printed = '';

  constructor(options: SpillwayProcessOptions) {
    this.#options = options;
  }

  get output(): string {
    return this.#output;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** How it ended; undefined while it runs. */
  get exit(): { code: number | null; signal: NodeJS.Signals | null } | undefined {
    const { exitCode: code, signalCode: signal } = this.#child ?? {};
    return code == null && signal == null
      ? undefined
      : { code: code ?? null, signal: signal ?? null };
  }

  /** How it ended, the first error that it printed beside its log, and what it printed last. */
  get lastWords(): string {
    const { exit, output } = this;
    const at = output.search(/^(?!\{).*(Error:|FATAL|uncaught|unhandled)/m);
    const error = at < 0 ? '' : `${output.slice(at, at + 3_000)}\n…\n`;
    const end = exit && (exit.signal ?? `code ${exit.code}`);
    return `spillway ended, ${end ?? 'it is not known yet how'}\n${error}${output.slice(-3_000)}`;
  }

  /** Resolves when it says that it is ready. */
  async start(): Promise<Addresses> {
    const { dataDir, program = bin, roles = [], args = [], nodeArgs = [], env } = this.#options;
    const { under = [] } = this.#options;
    const flags = [...nodeFlags, ...nodeArgs];
    const words = [...flags, program, 'up', ...roles, '--data', dataDir, ...freePorts, ...args];
    this.#printed = '';
    const [command = '', ...rest] = [...under, process.execPath, ...words];
    const child = spawn(command, rest, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...(await env?.()) },
    });
    this.#child = child;
    child.stdout.on('data', (part: Buffer) => {
      this.#printed = (this.#printed + part.toString()).slice(-10_000);
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (part: Buffer) => {
        this.#output = (this.#output + part.toString()).slice(-100_000);
      });
    }
    while (!/Spillway is ready[\s\S]*\n/.test(this.#printed)) {
      if (child.exitCode !== null || child.signalCode !== null) {
        throw new Error(`spillway did not start:\n${this.#output}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return addressesIn(this.#printed);
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

function addressesIn(printed: string): Addresses {
  const after = (name: string) => new RegExp(`^  ${name} +(\\S+)$`, 'm').exec(printed)?.[1] ?? '';
  return {
    otlpHttp: after('OTLP/HTTP'),
    otlpGrpc: after('OTLP/gRPC'),
    console: after('Console'),
    admin: after('Admin'),
  };
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
