import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inject } from 'vitest';
import { caughtUp } from './caught-up.ts';
import { type Ground, openGround } from './ground/ground.ts';
import type { StackName } from './servers.ts';
import { type Addresses, runSpillway, SpillwayProcess } from './spillway-process.ts';

/** A data folder with a Spillway on it, on the stack of the test's project; gone with the test. */
export class Lab {
  readonly dataDir = mkdtempSync(join(tmpdir(), 'spillway-lab-'));
  readonly stack: StackName = inject('stack') ?? 'embedded';
  readonly spillway: SpillwayProcess;
  #ground: Promise<Ground> | undefined;

  constructor(args: readonly string[] = []) {
    const env = async () => (await this.ground).env;
    this.spillway = new SpillwayProcess({ dataDir: this.dataDir, args, env });
  }

  /** Opened when it is first asked for. */
  get ground(): Promise<Ground> {
    const { dataDir, stack } = this;
    this.#ground ??= openGround({ dataDir, stack, servers: inject('servers') });
    return this.#ground;
  }

  /** Asks the running process, or opens the folder when there is none. */
  async command(...words: string[]): ReturnType<typeof runSpillway> {
    return runSpillway([...words, '--data', this.dataDir], (await this.ground).env);
  }

  /** Until everything that was accepted can be found. */
  async caughtUp(addresses: Addresses): Promise<void> {
    await caughtUp(addresses);
    await (await this.ground).refresh();
  }

  async audit(): Promise<{ code: number | null; report: LedgerJson; text: string }> {
    const json = await this.command('audit', '--json');
    const { code, stdout: text } = await this.command('audit');
    return { code, report: JSON.parse(json.stdout) as LedgerJson, text };
  }

  async close(): Promise<void> {
    await this.spillway.end('SIGKILL');
    await (await this.#ground)?.close();
    rmSync(this.dataDir, { recursive: true, force: true });
  }
}

/** What tests read of `spillway audit --json`. */
export interface LedgerJson {
  totals: Record<string, number>;
  holes: { sink: string; tenant: string; minute: number; records: number }[];
  open: { sink: string; minute: number; waiting: number; undecided: number }[];
  missingRows: { sink: string; tenant: string; signal: string; minute: number; rows: number }[];
}
