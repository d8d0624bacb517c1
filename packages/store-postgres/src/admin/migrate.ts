/** Plain SQL migrations, `migrations/NNNN_name.sql`, each once and in order, and never changed. */
import { hash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client, Queryable } from '../client.ts';
import { MigrationChangedError, SchemaTooNewError } from '../errors.ts';
import { lockSchema } from './locks.ts';

const ownFolder = join(import.meta.dirname, '..', '..', 'migrations');

interface Migration {
  version: number;
  file: string;
  sql: string;
  /** SHA-256 of the text, in hexadecimal digits. */
  checksum: string;
}

/** Checksums by version; undefined where the migration was applied before they were kept. */
type Applied = ReadonlyMap<number, string | undefined>;

/**
 * Brings the database to this version's schema, whole or not at all. Writers that start at once
 * wait for each other on an advisory lock.
 * @throws SchemaTooNewError, MigrationChangedError before anything is touched
 */
export async function migrate(client: Client, folder = ownFolder): Promise<void> {
  const migrations = await readMigrations(folder);
  await client.transaction(async (tx) => {
    await waitForOthers(tx);
    await makeSchema(tx);
    const applied = await appliedMigrations(tx);
    check(migrations, applied);
    if (migrations.every(({ version }) => applied.get(version) !== undefined)) return;
    await tx.script(
      `CREATE TABLE IF NOT EXISTS schema_version
         (version integer PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now());
       ALTER TABLE schema_version ADD COLUMN IF NOT EXISTS checksum text;`,
    );
    for (const { version, sql, checksum } of migrations) {
      if (!applied.has(version)) await tx.script(sql);
      await tx.query(
        `INSERT INTO schema_version (version, checksum) VALUES ($1::integer, $2::text)
           ON CONFLICT (version) DO UPDATE SET checksum = excluded.checksum`,
        [version, checksum],
      );
    }
  });
}

function check(migrations: readonly Migration[], applied: Applied): void {
  const known = migrations.at(-1)?.version ?? 0;
  const current = Math.max(0, ...applied.keys());
  if (current > known) throw new SchemaTooNewError(current, known);
  for (const { version, file, checksum } of migrations) {
    if ((applied.get(version) ?? checksum) !== checksum) throw new MigrationChangedError(file);
  }
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

async function appliedMigrations(tx: Queryable): Promise<Applied> {
  const { rows: table } = await tx.query(`SELECT to_regclass('schema_version')`);
  if (!table[0]?.[0]) return new Map();
  // As JSON, for databases that were made before there were checksums lack the column.
  const { rows } = await tx.query(
    `SELECT version, to_jsonb(applied) ->> 'checksum' FROM schema_version AS applied`,
  );
  return new Map(rows.map(([version, checksum]) => [Number(version), checksum ?? undefined]));
}

async function readMigrations(folder: string): Promise<Migration[]> {
  const files = (await readdir(folder)).filter((file) => /^\d{4}_.*\.sql$/.test(file)).sort();
  return await Promise.all(
    files.map(async (file) => {
      // A checkout may have other line ends; the statements are the same.
      const sql = (await readFile(join(folder, file), 'utf8')).replaceAll('\r\n', '\n');
      return { version: Number(file.slice(0, 4)), file, sql, checksum: hash('sha256', sql, 'hex') };
    }),
  );
}
