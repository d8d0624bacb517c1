import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Addresses, memoryOf, SpillwayProcess } from '@spillway/test-support';
import { switches } from './faults/faulty-ports.ts';

const triesMax = 8;

/** One process of Spillway, which can be killed, frozen and started again on its own folder. */
export class Member {
  readonly name: string;
  readonly #options: MemberOptions;
  readonly #dataDir: string;
  #process: SpillwayProcess;
  #addresses: Addresses | undefined;

  constructor(options: MemberOptions) {
    this.name = options.name;
    this.#options = options;
    this.#dataDir = join(options.dir, options.name);
    mkdirSync(this.#dataDir, { recursive: true });
    this.#process = this.#make({});
  }

  /** Undefined while it is away. */
  get addresses(): Addresses | undefined {
    return this.#addresses;
  }

  get output(): string {
    return this.#process.output;
  }

  /** Again and again while it ends by itself, as a supervisor would. */
  async start(): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        this.#addresses = await this.#process.start();
        return;
      } catch (error) {
        if (tries === triesMax) throw error;
        await sleep(tries * 500);
      }
    }
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

  /** Breaks what lies below its ports, or repairs it with undefined. */
  plant(name: keyof typeof switches, value: string | undefined): void {
    const file = join(this.#dataDir, switches[name]);
    if (value === undefined) rmSync(file, { force: true });
    else writeFileSync(file, value);
  }

  /** Memory that it has now, bytes; 0 while it is away. */
  rss(): number {
    return this.#addresses ? memoryOf(this.#process.pid).resident : 0;
  }

  #make(change: Change): SpillwayProcess {
    const { name, role, env, program } = this.#options;
    const own = {
      SPILLWAY_GATEWAY_NAME: name,
      SPILLWAY_GATEWAY_SPILL_DIR: join(this.#dataDir, 'spill'),
    };
    return new SpillwayProcess({
      dataDir: this.#dataDir,
      roles: [role],
      program: change.program ?? program,
      env: async () => ({ ...env, ...own, ...change.env }),
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
  role: string;
  /** Holds its folder. */
  dir: string;
  env: Readonly<Record<string, string>>;
  /** A `spillway` that can be broken. */
  program: string;
}
