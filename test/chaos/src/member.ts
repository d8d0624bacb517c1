import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Addresses, SpillwayProcess } from '@spillway/test-support';

/** One process of Spillway, which can be killed, frozen and started again on its own folder. */
export class Member {
  readonly name: string;
  readonly #options: MemberOptions;
  #process: SpillwayProcess;
  #addresses: Addresses | undefined;

  constructor(options: MemberOptions) {
    this.name = options.name;
    this.#options = options;
    this.#process = this.#make({});
  }

  /** Undefined while it is away. */
  get addresses(): Addresses | undefined {
    return this.#addresses;
  }

  get output(): string {
    return this.#process.output;
  }

  async start(): Promise<void> {
    this.#addresses = await this.#process.start();
  }

  /** After a stop: starts as it was at first, but for what is changed. */
  async become(change: Change): Promise<void> {
    this.#process = this.#make(change);
    await this.start();
  }

  /** kill -9. */
  async kill(): Promise<void> {
    this.#addresses = undefined;
    await this.#process.end('SIGKILL');
  }

  /** As an operator would; resolves with the exit code. */
  async stop(): Promise<number | null> {
    const code = await this.#process.end('SIGTERM');
    this.#addresses = undefined;
    return code;
  }

  freeze(): void {
    process.kill(this.#process.pid, 'SIGSTOP');
  }

  thaw(): void {
    process.kill(this.#process.pid, 'SIGCONT');
  }

  /** Memory that it has now, bytes; 0 while it is away. */
  rss(): number {
    if (!this.#addresses) return 0;
    const status = readFileSync(`/proc/${this.#process.pid}/status`, 'utf8');
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024;
  }

  #make(change: Change): SpillwayProcess {
    const { name, role, dir, env } = this.#options;
    const program = change.program ?? this.#options.program;
    const dataDir = join(dir, name);
    mkdirSync(dataDir, { recursive: true });
    return new SpillwayProcess({
      dataDir,
      ...(role && { roles: [role] }),
      ...(program && { program }),
      env: async () => ({ ...env, SPILLWAY_GATEWAY_NAME: name, ...change.env }),
    });
  }
}

/** Of another version, or otherwise configured. */
export interface Change {
  program?: string;
  env?: Readonly<Record<string, string>>;
}

export interface MemberOptions {
  name: string;
  /** All of them when there is none. */
  role?: string;
  /** Holds its folder. */
  dir: string;
  env: Readonly<Record<string, string>>;
  /** Instead of `spillway`. */
  program?: string | undefined;
}
