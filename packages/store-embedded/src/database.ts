/** Opening the file, and what to do with one that cannot be opened. */
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { createStagingSql, createTablesSql, schemaVersion } from './schema.ts';

export interface DatabaseOptions {
  /** Created when missing. Holds `search.duckdb`, its WAL and `search.version`. */
  dir: string;
  memoryLimitMb: number;
  threads: number;
  readers: number;
}

export type DatabaseEvent =
  /** The file could not be opened and was renamed to `path`; the store begins fresh. */
  { type: 'set-aside'; path: string; reason: string };

export interface Database {
  writer: DuckDBConnection;
  readers: DuckDBConnection[];
  close(): void;
}

/** A newer Spillway wrote the folder: nothing was touched. */
export class NewerSchemaError extends Error {
  constructor(dir: string, found: number) {
    super(
      `${dir} was written by a newer version (schema ${found}, this one knows ${schemaVersion})`,
    );
    this.name = 'NewerSchemaError';
  }
}

export async function openDatabase(
  options: DatabaseOptions,
  report: (event: DatabaseEvent) => void,
): Promise<Database> {
  const { dir } = options;
  await mkdir(dir, { recursive: true });
  const version = await readVersion(dir);
  if (version !== undefined && version > schemaVersion) throw new NewerSchemaError(dir, version);
  if (version !== undefined && version < schemaVersion) {
    await setAside(dir, `schema ${version} is older than ${schemaVersion}`, report);
  }
  await writeFile(versionPath(dir), `${schemaVersion}\n`);
  try {
    return await open(options);
  } catch (error) {
    if (isEnvironmental(error)) throw error;
    await setAside(dir, (error as Error).message, report);
    return await open(options);
  }
}

async function open(options: DatabaseOptions): Promise<Database> {
  const instance = await DuckDBInstance.create(filePath(options.dir), {
    memory_limit: `${options.memoryLimitMb}MB`,
    threads: String(options.threads),
    temp_directory: join(options.dir, 'spill'),
    max_temp_directory_size: '1GB',
    allocator_flush_threshold: '16MB',
    allocator_bulk_deallocation_flush_threshold: '16MB',
    preserve_insertion_order: 'false',
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    // No SQL of ours reads other files or the network, so none can.
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

/**
 * Errors that say nothing about the file: another process has it open, no right, no space, no
 * memory, or a newer DuckDB wrote it. Setting the file aside would lose good data.
 */
function isEnvironmental(error: unknown): boolean {
  return /set lock|permission|cannot open|no space|too many open|out of memory|version number/i.test(
    (error as Error).message,
  );
}

/** At most one broken file is kept, for a person to look at; the log fills the new one. */
async function setAside(
  dir: string,
  reason: string,
  report: (event: DatabaseEvent) => void,
): Promise<void> {
  const path = `${filePath(dir)}.broken`;
  await rm(`${path}.wal`, { force: true });
  await renameIfThere(`${filePath(dir)}.wal`, `${path}.wal`);
  await renameIfThere(filePath(dir), path);
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
  try {
    return Number.parseInt(await readFile(versionPath(dir), 'utf8'), 10);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function filePath(dir: string): string {
  return join(dir, 'search.duckdb');
}

function versionPath(dir: string): string {
  return join(dir, 'search.version');
}
