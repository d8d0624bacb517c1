import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { migrate } from '../src/admin/migrate.ts';
import { MigrationChangedError } from '../src/index.ts';
import { EmbeddedClient } from '../src/pglite/embedded-client.ts';

const shipped = join(import.meta.dirname, '..', 'migrations');
const first = '0001_telemetry.sql';
let parent: string;
let folder: string;
let client: EmbeddedClient;

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'spillway-migrations-'));
  folder = join(parent, 'migrations');
  await cp(shipped, folder, { recursive: true });
  const dir = join(parent, 'database');
  client = await EmbeddedClient.open({ dir, fresh: true }, async () => {});
});

afterEach(async () => {
  await client.close();
  await rm(parent, { recursive: true });
});

async function change(file: string, by: (sql: string) => string): Promise<void> {
  const path = join(folder, file);
  await writeFile(path, by(await readFile(path, 'utf8')));
}

async function tables(name: string): Promise<number> {
  const sql = 'SELECT count(*) FROM pg_tables WHERE tablename = $1';
  return Number((await client.query(sql, [name])).rows[0]?.[0]);
}

test('a changed migration is refused by its name, and nothing is applied', async () => {
  await migrate(client, folder);
  await migrate(client, folder);
  await change(first, (sql) => `${sql}-- One more thought.\n`);
  await writeFile(join(folder, '0003_more.sql'), 'CREATE TABLE more (id integer);');
  const refused = migrate(client, folder);
  await expect(refused).rejects.toThrow(MigrationChangedError);
  await expect(refused).rejects.toThrow(first);
  expect(await tables('more')).toBe(0);

  await cp(join(shipped, first), join(folder, first));
  await migrate(client, folder);
  await migrate(client, folder);
  expect(await tables('more')).toBe(1);
});

test('other line ends are no change', async () => {
  await migrate(client, folder);
  await change(first, (sql) => sql.replaceAll('\n', '\r\n'));
  await migrate(client, folder);
});

test('a database of before there were checksums gets them at the next start', async () => {
  await migrate(client, folder);
  await client.script('ALTER TABLE schema_version DROP COLUMN checksum');
  await migrate(client, folder);
  const sql = "SELECT count(*) FROM schema_version WHERE checksum ~ '^[0-9a-f]{64}$'";
  expect((await client.query(sql)).rows).toEqual([['2']]);
  await change(first, (text) => text.replace('CREATE', 'create'));
  await expect(migrate(client, folder)).rejects.toThrow(first);
});
