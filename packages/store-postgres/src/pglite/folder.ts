/**
 * The folder of an embedded database. PGlite does not sync, so a folder that was open when the
 * machine went down may be broken in ways that do not show: a marker file, which is synced, shows
 * it.
 */
import type { Dirent } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { uptime } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { environmentCodeOf } from '@spillway/journal';
import { FolderInUseError } from '../errors.ts';

/** Written while the folder is open. */
interface Marker {
  /** Changes with every start of the machine. */
  boot: string;
  pid: number;
  /** Distinguishes a process from a later one with the same pid, where the system says. */
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
const damageFile = 'damaged.json';
const syncsAtOnce = 16;
/** Where there is no boot id, boot times this far apart are two starts of the machine. */
const bootToleranceMs = 120_000;

export class Folder {
  readonly path: string;
  /** Folder of the database itself. */
  readonly dataDir: string;
  /** File with the sizes of the database's files at its last checkpoint. */
  readonly sizesFile: string;
  readonly #now: () => number;

  constructor(path: string, now: () => number = Date.now) {
    this.path = path;
    this.dataDir = join(path, 'data');
    this.sizesFile = join(path, 'sizes.json');
    this.#now = now;
  }

  /**
   * @throws FolderInUseError when another process has it open, or an error of the system: what
   * cannot be looked at is neither empty nor suspect
   */
  async inspect(): Promise<FolderState> {
    const files = await this.#list();
    const damage = files.includes(damageFile) ? await this.#readJson(damageFile) : undefined;
    const found = await this.#inspectMarker(files);
    if (found.type !== 'usable' || !damage) return found;
    return { type: 'suspect', reason: `damage was found in it: ${damage.reason}` };
  }

  async #inspectMarker(files: readonly string[]): Promise<FolderState> {
    if (!files.includes(markerFile)) {
      return { type: files.includes(basename(this.dataDir)) ? 'usable' : 'empty' };
    }
    const marker = (await this.#readJson(markerFile)) as Marker | undefined;
    if (typeof marker?.boot !== 'string')
      return { type: 'suspect', reason: 'its marker file is unreadable' };
    if (!sameBoot(marker.boot, await bootId())) {
      return { type: 'suspect', reason: 'it was open when the machine went down' };
    }
    if (await isRunning(marker)) throw new FolderInUseError(this.path, marker.pid);
    return { type: marker.complete ? 'usable' : 'empty' };
  }

  /** The next start sets it aside. Durable when resolved. */
  async markDamaged(reason: string): Promise<void> {
    await this.#writeJson(damageFile, { reason });
  }

  /** Durable when resolved. */
  async markOpen({ complete }: { complete: boolean }): Promise<void> {
    await mkdir(this.path, { recursive: true, mode: 0o700 });
    const marker: Marker = {
      boot: await bootId(),
      pid: process.pid,
      processStart: (await startOf(process.pid)) ?? '',
      complete,
    };
    await this.#writeJson(markerFile, marker);
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

  /**
   * Renames it and returns the new path. Nothing is deleted, here or of what was set aside earlier:
   * it may be the only copy of what the log does not hold any more.
   */
  async setAside(): Promise<string> {
    const time = new Date(this.#now()).toISOString().replace(/[:.]/g, '');
    const to = `${this.path}.set-aside-${time}`;
    await rename(this.path, to);
    await syncPath(dirname(this.path));
    return to;
  }

  async #list(): Promise<string[]> {
    try {
      return await readdir(this.path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
  }

  /** An empty object when there is something else in the file. */
  async #readJson(name: string): Promise<Record<string, unknown> | undefined> {
    try {
      return JSON.parse(await readFile(join(this.path, name), 'utf8')) ?? {};
    } catch (error) {
      if (environmentCodeOf(error) !== undefined) throw error;
      return {};
    }
  }

  async #writeJson(name: string, value: unknown): Promise<void> {
    const path = join(this.path, name);
    const file = await open(`${path}.new`, 'w', 0o600);
    try {
      await file.writeFile(JSON.stringify(value));
      await file.sync();
      await rename(`${path}.new`, path);
    } catch (error) {
      await rm(`${path}.new`, { force: true });
      throw error;
    } finally {
      await file.close();
    }
    await syncPath(this.path);
  }
}

/** Linux has an id per boot; elsewhere the time of the boot must do. */
async function bootId(): Promise<string> {
  try {
    return (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
  } catch (error) {
    throwUnlessMissing(error);
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
  } catch (error) {
    throwUnlessMissing(error);
    return undefined;
  }
}

/** A file that there is and that cannot be opened now, as without descriptors, says nothing. */
function throwUnlessMissing(error: unknown): void {
  const code = environmentCodeOf(error);
  if (code !== undefined && code !== 'EACCES' && code !== 'EPERM') throw error;
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
