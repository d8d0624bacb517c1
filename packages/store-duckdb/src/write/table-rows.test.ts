import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { BIGINT, DuckDBInstance, VARCHAR } from '@duckdb/node-api';
import { expect, it, onTestFinished } from 'vitest';
import { TableRows } from './table-rows.ts';

/** The garbage collector ends the native appender, and one that ends appends what it still has. */
it('writes nothing later of what did not fit in memory and was rolled back', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'spillway-table-rows-'));
  const instance = await DuckDBInstance.create(join(dir, 'db'), {
    memory_limit: '1MiB',
    max_temp_directory_size: '0MB',
    threads: '1',
  });
  onTestFinished(() => {
    instance.closeSync();
    rmSync(dir, { recursive: true, force: true });
  });
  const connection = await instance.connect();
  await connection.run('CREATE TABLE t (id BIGINT, text VARCHAR)');
  const rows = new TableRows({ id: BIGINT, text: VARCHAR });
  for (let id = 0n; id < 20_000n; id++) rows.add({ id, text: randomText() });

  await connection.run('BEGIN TRANSACTION');
  await expect(rows.appendTo(connection, 't')).rejects.toThrow(/could not allocate/);
  await connection.run('ROLLBACK');
  await connection.run("SET memory_limit = '1GiB'");
  await collectGarbage();

  const answer = await connection.runAndReadAll('SELECT count(*) FROM t');
  expect(answer.getRowsJson()).toEqual([['0']]);
});

/** A thousand characters that do not compress to nothing. */
function randomText(): string {
  return Array.from({ length: 100 }, () => Math.random().toString(36).slice(2, 12)).join('');
}

async function collectGarbage(): Promise<void> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  for (let i = 0; i < 5; i++) {
    collect();
    await new Promise((resolve) => setImmediate(resolve));
  }
}
