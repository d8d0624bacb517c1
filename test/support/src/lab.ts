import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runSpillway, SpillwayProcess } from './spillway-process.ts';

/** A data folder with a Spillway on it, both gone with the test. */
export class Lab {
  readonly dataDir = mkdtempSync(join(tmpdir(), 'spillway-lab-'));
  readonly spillway: SpillwayProcess;

  constructor(args: readonly string[] = []) {
    this.spillway = new SpillwayProcess({ dataDir: this.dataDir, args });
  }

  /** Asks the running process, or opens the folder when there is none. */
  command(...words: string[]): ReturnType<typeof runSpillway> {
    return runSpillway([...words, '--data', this.dataDir]);
  }

  async audit(): Promise<{ code: number | null; report: LedgerJson; text: string }> {
    const json = await this.command('audit', '--json');
    const { code, stdout: text } = await this.command('audit');
    return { code, report: JSON.parse(json.stdout) as LedgerJson, text };
  }

  async close(): Promise<void> {
    await this.spillway.end('SIGKILL');
    rmSync(this.dataDir, { recursive: true, force: true });
  }
}

/** What tests read of `spillway audit --json`. */
export interface LedgerJson {
  totals: Record<string, number>;
  holes: { sink: string; tenant: string; minute: number; records: number }[];
  missingRows: { sink: string; tenant: string; signal: string; minute: number; rows: number }[];
}
