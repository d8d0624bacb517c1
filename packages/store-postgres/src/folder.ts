/**
 * The folder of an embedded database. PGlite does not sync, so a folder that was open when the
 * machine went down may be broken in ways that do not show: a marker file, which is synced, tells.
 */
import type { Dirent } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { uptime } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { FolderInUseError } from './errors.ts';

/** Written while the folder is open. */
interface Marker {
  /** Changes with every start of the machine. */
  boot: string;
  pid: number;
  /** Tells a process from a later one with the same pid, where the system says. */
  processStart: string;
  /** False until the database was made whole. */
  complete: boolean;
}

export type FolderState =
  /** Nothing there, or a first start that did not come to its end. */
  | { type: 'empty' }
  /** Closed in order, or its process died and the machine did not. */
  | { type: 'usable' }
  | { type: 'suspect'; reason: string };

const markerFile = 'open.json';
const syncsAtOnce = 16;
/** Where there is no boot id, boot times this far apart are two starts of the machine. */
const bootToleranceMs = 120_000;

export class Folder {
  readonly path: string;
  /** Of the database itself. */
  readonly dataDir: string;
  readonly #now: () => number;

  constructor(path: string, now: () => number = Date.now) {
    this.path = path;
    this.dataDir = join(path, 'data');
    this.#now = now;
  }

  /** @throws FolderInUseError when another process has it open */
  async inspect(): Promise<FolderState> {
    const files = await readdir(this.path).catch((): string[] => []);
    if (!files.includes(markerFile)) {
      return { type: files.includes(basename(this.dataDir)) ? 'usable' : 'empty' };
    }
    const marker = await this.#readMarker();
    if (!marker) return { type: 'suspect', reason: 'its marker file is unreadable' };
    if (!sameBoot(marker.boot, await bootId())) {
      return { type: 'suspect', reason: 'it was open when the machine went down' };
    }
    if (await isRunning(marker)) throw new FolderInUseError(this.path, marker.pid);
    return { type: marker.complete ? 'usable' : 'empty' };
  }

  /** Durable when resolved. */
  async markOpen({ complete }: { complete: boolean }): Promise<void> {
    await mkdir(this.path, { recursive: true });
    const marker: Marker = {
      boot: await bootId(),
      pid: process.pid,
      processStart: (await startOf(process.pid)) ?? '',
      complete,
    };
    const path = join(this.path, markerFile);
    const file = await open(`${path}.new`, 'w');
    await file.writeFile(JSON.stringify(marker));
    await file.sync();
    await file.close();
    await rename(`${path}.new`, path);
    await syncPath(this.path);
    await syncPath(dirname(this.path));
  }

  /** After the database was closed: syncs all its files, so that a power cut finds them whole. */
  async markClosed(): Promise<void> {
    const entries = await readdir(this.dataDir, { recursive: true, withFileTypes: true });
    await syncAll(entries.filter((entry) => entry.isFile()));
    await syncAll(entries.filter((entry) => entry.isDirectory()));
    await syncPath(this.dataDir);
    await rm(join(this.path, markerFile), { force: true });
    await syncPath(this.path);
  }

  async empty(): Promise<void> {
    await rm(this.dataDir, { recursive: true, force: true });
  }

  /** Renames it, and removes one set aside earlier: at most one is kept. Returns the new path. */
  async setAside(): Promise<string> {
    const parent = dirname(this.path);
    const prefix = `${basename(this.path)}.set-aside-`;
    for (const name of await readdir(parent)) {
      if (name.startsWith(prefix)) await rm(join(parent, name), { recursive: true, force: true });
    }
    const time = new Date(this.#now()).toISOString().replace(/[:.]/g, '');
    const to = join(parent, `${prefix}${time}`);
    await rename(this.path, to);
    return to;
  }

  async #readMarker(): Promise<Marker | undefined> {
    try {
      const marker: Marker = JSON.parse(await readFile(join(this.path, markerFile), 'utf8'));
      return typeof marker.boot === 'string' ? marker : undefined;
    } catch {
      return undefined;
    }
  }
}

/** Linux has an id per boot; elsewhere the time of the boot must do. */
async function bootId(): Promise<string> {
  try {
    return (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
  } catch {
    return `at-${Math.round(Date.now() - uptime() * 1_000)}`;
  }
}

function sameBoot(a: string, b: string): boolean {
  if (a === b) return true;
  if (!a.startsWith('at-') || !b.startsWith('at-')) return false;
  return Math.abs(Number(a.slice(3)) - Number(b.slice(3))) < bootToleranceMs;
}

async function isRunning({ pid, processStart }: Marker): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  const start = await startOf(pid);
  return start === undefined || start === processStart;
}

/** Ticks from boot to the start of the process; undefined where the system does not say. */
async function startOf(pid: number): Promise<string | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    // The name of the command, in parentheses, may hold spaces.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}

/** Several at a time: the disk takes them together. */
async function syncAll(entries: readonly Dirent[]): Promise<void> {
  const left = entries.values();
  const syncThem = async () => {
    for (const { parentPath, name } of left) await syncPath(join(parentPath, name));
  };
  await Promise.all(Array.from({ length: syncsAtOnce }, syncThem));
}

async function syncPath(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
