import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { messageOf } from '@spillway/resilience';

/** Raised when an older Spillway could not read what this one writes. */
const formatVersion = 1;

/** What the commands read about the running process. */
export interface RunFile {
  pid: number;
  startedAt: string;
  /** Where it takes commands: a Unix socket. */
  control: string;
  addresses: { otlpHttp: string; otlpGrpc: string; console: string };
}

export class DataFolderError extends Error {
  override readonly name = 'DataFolderError';
}

/** The one folder of an embedded Spillway: log, stores, and a few small files beside them. */
export class DataFolder {
  readonly dir: string;

  constructor(dir: string) {
    this.dir = resolve(dir);
  }

  path(...parts: string[]): string {
    return join(this.dir, ...parts);
  }

  /** Makes the folder when it is missing. Throws before touching one of a newer version. */
  open(): void {
    const found = this.#readJson<{ format: number }>('format.json')?.format;
    if (found !== undefined && found > formatVersion) {
      throw new DataFolderError(
        `${this.dir} was written by a newer Spillway: format ${found}, this one reads up to ` +
          `${formatVersion}. Nothing was touched. Use the newer version, or another --data folder.`,
      );
    }
    mkdirSync(this.dir, { recursive: true });
    if (found === undefined) this.#writeJson('format.json', { format: formatVersion });
  }

  /** Greater than every epoch before, also when the clock went back. Call it as the owner only. */
  nextEpoch(nowMs: number): number {
    const last = this.#readJson<{ epoch: number }>('epoch.json')?.epoch ?? 0;
    const epoch = Math.max(nowMs, last + 1);
    this.#writeJson('epoch.json', { epoch });
    return epoch;
  }

  writeRunFile(run: RunFile): void {
    this.#writeJson('run.json', run);
  }

  removeRunFile(): void {
    rmSync(this.path('run.json'), { force: true });
  }

  readRunFile(): RunFile | undefined {
    return this.#readJson<RunFile>('run.json');
  }

  #readJson<T>(name: string): T | undefined {
    try {
      return JSON.parse(readFileSync(this.path(name), 'utf8')) as T;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw new DataFolderError(`${this.path(name)} cannot be read: ${messageOf(error)}`);
    }
  }

  #writeJson(name: string, value: unknown): void {
    const temporary = this.path(`${name}.tmp`);
    writeFileSync(temporary, `${JSON.stringify(value)}\n`, { mode: 0o600, flush: true });
    renameSync(temporary, this.path(name));
    // The name, too: an epoch that a power cut takes back would be given out again.
    const folder = openSync(this.dir, 'r');
    fsyncSync(folder);
    closeSync(folder);
  }
}
