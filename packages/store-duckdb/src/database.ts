/** Opening the file, and what to do with one that cannot be opened. */
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { demandUsable, environmentCodeOf, namedIfEnvironment } from '@spillway/journal';
import { messageOf } from '@spillway/resilience';
import { StoreError } from '@spillway/store';
import { countedMb } from './memory.ts';
import { createStagingSql, createTablesSql, schemaVersion } from './schema.ts';

export interface DatabaseOptions {
  /** Created when missing. Holds `search.duckdb`, its WAL, `search.version`, `search.damaged`. */
  dir: string;
  memoryLimitMb: number;
  threads: number;
  readers: number;
  /**
   * Whether an empty file may take the place of one that does not open. Not while consumers run:
   * they would go on behind what it lacks.
   */
  mayStartEmpty: boolean;
}

/** What is noticed when the database is opened. */
export type DatabaseEvent =
  /** The file is damaged or older and was moved into the folder `path`; the store begins fresh. */
  { type: 'set-aside'; path: string; reason: string };

export interface Database {
  writer: DuckDBConnection;
  readers: DuckDBConnection[];
  close(): void;
}

/**
 * Opens the database file of a folder; one that cannot be read is set aside and replaced. Throws
 * `EnvironmentError`, and sets nothing aside, when the machine does not let it be opened; and
 * the `StoreError` `unsupported`, with nothing touched, when a newer Spillway wrote the folder.
 */
export async function openDatabase(
  options: DatabaseOptions,
  report: (event: DatabaseEvent) => void,
): Promise<Database> {
  try {
    return await openOrReplace(options, report);
  } catch (error) {
    throw namedIfEnvironment(error, placeOf(options.dir));
  }
}

/** Limits the memory of all connections of the file that is open. */
export async function limitMemory(connection: DuckDBConnection, limitMb: number): Promise<void> {
  await connection.run(`SET memory_limit = '${limitOf(limitMb)}'`);
}

function limitOf(memoryLimitMb: number): string {
  return `${countedMb(memoryLimitMb).toFixed(1)}MiB`;
}

/** The next start sets the file aside. */
export async function markDamaged(dir: string, reason: string): Promise<void> {
  await writeFile(damagePath(dir), `${reason}\n`, { mode: 0o600, flush: true });
}

async function openOrReplace(
  options: DatabaseOptions,
  report: (event: DatabaseEvent) => void,
): Promise<Database> {
  const { dir, mayStartEmpty } = options;
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const version = await readVersion(dir);
  if (version !== undefined && version > schemaVersion) throw newerSchema(dir, version);
  if (version !== undefined && version < schemaVersion) {
    await setAside(dir, `schema ${version} is older than ${schemaVersion}`, report);
  }
  const damage = mayStartEmpty ? await readIfThere(damagePath(dir)) : undefined;
  if (damage !== undefined) await setAside(dir, `damage was found in it: ${damage.trim()}`, report);
  if (version !== schemaVersion) await writeVersion(dir);
  try {
    return await open(options);
  } catch (error) {
    if (!mayStartEmpty || saysNothingOfTheFile(error)) throw error;
    await demandUsable(placeOf(dir));
    await setAside(dir, messageOf(error), report);
    return await open(options);
  }
}

async function open(options: DatabaseOptions): Promise<Database> {
  const instance = await DuckDBInstance.create(filePath(options.dir), {
    memory_limit: limitOf(options.memoryLimitMb),
    threads: String(options.threads),
    temp_directory: join(options.dir, 'spill'),
    max_temp_directory_size: '1GB',
    allocator_flush_threshold: '16MB',
    allocator_bulk_deallocation_flush_threshold: '16MB',
    preserve_insertion_order: 'false',
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    // The store's SQL reads no other files or the network, so none can.
    enable_external_access: 'false',
  });
  try {
    const writer = await instance.connect();
    await writer.run(createTablesSql());
    await writer.run(createStagingSql());
    const readers = await Promise.all(
      Array.from({ length: options.readers }, () => instance.connect()),
    );
    const close = () => {
      for (const connection of [...readers, writer]) connection.closeSync();
      instance.closeSync();
    };
    return { writer, readers, close };
  } catch (error) {
    instance.closeSync();
    throw error;
  }
}

function newerSchema(dir: string, found: number): StoreError {
  const known = `schema ${found}, this one knows ${schemaVersion}`;
  return new StoreError('unsupported', `${dir} was written by a newer version (${known})`);
}

/** The environment's errors, and: another process has it open, or a newer DuckDB wrote it. */
function saysNothingOfTheFile(error: unknown): boolean {
  if (environmentCodeOf(error) !== undefined) return true;
  return /set lock|cannot open|version number/i.test(messageOf(error));
}

/**
 * Moves the file beside the folder, where a rebuild does not reach it. Nothing is deleted, here or
 * of what was set aside earlier: it may be the only copy of what the log does not hold any more.
 */
async function setAside(
  dir: string,
  reason: string,
  report: (event: DatabaseEvent) => void,
): Promise<void> {
  const time = new Date().toISOString().replace(/[:.]/g, '');
  const path = `${dir}.set-aside-${time}`;
  await mkdir(path, { mode: 0o700 });
  await renameIfThere(`${filePath(dir)}.wal`, `${filePath(path)}.wal`);
  await renameIfThere(filePath(dir), filePath(path));
  await rm(damagePath(dir), { force: true });
  report({ type: 'set-aside', path, reason });
}

async function renameIfThere(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

async function readVersion(dir: string): Promise<number | undefined> {
  const text = await readIfThere(versionPath(dir));
  return text === undefined ? undefined : Number.parseInt(text, 10);
}

/** A full disk must leave the version that is there. */
async function writeVersion(dir: string): Promise<void> {
  const path = versionPath(dir);
  await writeFile(`${path}.tmp`, `${schemaVersion}\n`, { mode: 0o600, flush: true });
  await rename(`${path}.tmp`, path);
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function placeOf(dir: string) {
  return { path: dir, wanted: 'open the search store' };
}

function filePath(dir: string): string {
  return join(dir, 'search.duckdb');
}

function damagePath(dir: string): string {
  return join(dir, 'search.damaged');
}

function versionPath(dir: string): string {
  return join(dir, 'search.version');
}
