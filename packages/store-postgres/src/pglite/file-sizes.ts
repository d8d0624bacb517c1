/**
 * How large the files of the tables and indexes were at the last checkpoint. A file that was cut
 * since shows in no checksum. What came after the checkpoint stands in the WAL, from which
 * PostgreSQL makes it again; files never shrink by themselves, as nothing vacuums them.
 */
import { readFile, rename, writeFile } from 'node:fs/promises';
import { environmentCodeOf } from '@spillway/journal';
import type { Queryable } from '../client.ts';

const sizesSql = `
  SELECT pg_relation_filepath(oid), pg_relation_size(oid) FROM pg_class
  WHERE relkind IN ('r', 'i', 't', 'S') AND relpersistence = 'p'`;

/**
 * Saves the sizes of the files of all tables. They are not synced: after the machine went down, the
 * whole folder is set aside.
 */
export async function saveSizes(client: Queryable, path: string): Promise<void> {
  const sizes = Object.fromEntries(await readSizes(client));
  await writeFile(`${path}.new`, JSON.stringify(sizes), { mode: 0o600 });
  await rename(`${path}.new`, path);
}

/** What is wrong with the first file that became smaller; undefined when none did. */
export async function findShrunk(client: Queryable, path: string): Promise<string | undefined> {
  const sizes = await readSizes(client);
  for (const [file, before] of await savedSizes(path)) {
    // A table that was dropped since is not in the catalog any more.
    const bytes = sizes.get(file);
    if (bytes !== undefined && bytes < before) {
      return `${file} has ${bytes} bytes and had ${before}`;
    }
  }
  return undefined;
}

async function readSizes(client: Queryable): Promise<Map<string, number>> {
  const { rows } = await client.query(sizesSql);
  return new Map(rows.flatMap(([file, bytes]) => (file ? [[file, Number(bytes)]] : [])));
}

/** Without the file, or with one that was being written at a kill, there is nothing to compare. */
async function savedSizes(path: string): Promise<[string, number][]> {
  try {
    return Object.entries(JSON.parse(await readFile(path, 'utf8')));
  } catch (error) {
    if (environmentCodeOf(error) !== undefined) throw error;
    return [];
  }
}
