/** Plain SQL migrations, `migrations/NNNN_name.sql`, each once and in order. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client, Queryable } from '../client.ts';
import { SchemaTooNewError } from '../errors.ts';
import { lockSchema } from './locks.ts';

const folder = join(import.meta.dirname, '..', '..', 'migrations');

interface Migration {
  version: number;
  file: string;
}

/**
 * Brings the database to this version's schema, whole or not at all. Writers that start at once
 * wait for each other on an advisory lock.
 * @throws SchemaTooNewError before anything is touched
 */
export async function migrate(client: Client): Promise<void> {
  const migrations = await readMigrations();
  const known = migrations.at(-1)?.version ?? 0;
  await client.transaction(async (tx) => {
    await waitForOthers(tx);
    await makeSchema(tx);
    const current = await currentVersion(tx);
    if (current > known) throw new SchemaTooNewError(current, known);
    if (current === known) return;
    await tx.script(
      `CREATE TABLE IF NOT EXISTS schema_version
         (version integer PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now());`,
    );
    for (const { version, file } of migrations) {
      if (version <= current) continue;
      await tx.script(await readFile(join(folder, file), 'utf8'));
      await tx.query('INSERT INTO schema_version (version) VALUES ($1::integer)', [version]);
    }
  });
}

/** Another's migration may take long: the timeout of statements bounds this wait, not that of locks. */
async function waitForOthers(tx: Queryable): Promise<void> {
  const { rows } = await tx.query(`SELECT current_setting('lock_timeout')`);
  await tx.script('SET LOCAL lock_timeout = 0');
  await lockSchema(tx);
  await tx.script(`SET LOCAL lock_timeout = '${rows[0]?.[0]}'`);
}

/** Not `IF NOT EXISTS`: that takes the right to make schemas also where the schema is there. */
async function makeSchema(tx: Queryable): Promise<void> {
  const { rows } = await tx.query('SELECT current_schema()');
  if (rows[0]?.[0]) return;
  const path = await tx.query(`SELECT current_setting('search_path')`);
  await tx.script(`CREATE SCHEMA ${path.rows[0]?.[0]}`);
}

async function currentVersion(tx: Queryable): Promise<number> {
  const { rows } = await tx.query(`SELECT to_regclass('schema_version')`);
  if (!rows[0]?.[0]) return 0;
  const version = await tx.query('SELECT coalesce(max(version), 0) FROM schema_version');
  return Number(version.rows[0]?.[0]);
}

async function readMigrations(): Promise<Migration[]> {
  const files = (await readdir(folder)).filter((file) => /^\d{4}_.*\.sql$/.test(file)).sort();
  return files.map((file) => ({ version: Number(file.slice(0, 4)), file }));
}
