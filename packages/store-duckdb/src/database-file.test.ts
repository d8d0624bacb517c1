import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { DatabaseFile } from './database-file.ts';
import { Parameters } from './read/parameters.ts';

let dir: string;
let file: DatabaseFile;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'database-file-'));
  file = new DatabaseFile({ dir, memoryLimitMb: 32, onOpened: () => {} });
});

afterEach(async () => {
  await file.stop();
  rmSync(dir, { recursive: true });
});

const ask = () => file.read((connection) => new Parameters().rows(connection, 'SELECT 1 AS one'));

it('is opened anew for whoever comes first after DuckDB gave up on it', async () => {
  await file.start();
  const fatal = () => Promise.reject(new Error('FATAL Error: database has been invalidated'));
  await expect(file.write(fatal)).rejects.toThrow('FATAL');
  expect(file.health().ok).toBe(false);
  // As a consumer does, which asks for its positions before it applies anything.
  expect(await Promise.all([ask(), ask()])).toEqual([[{ one: 1 }], [{ one: 1 }]]);
  expect(file.health().ok).toBe(true);
});

it('is not opened by a question before the start or after the stop', async () => {
  await expect(ask()).rejects.toThrow('not started');
  await file.start();
  await file.write(() => Promise.reject(new Error('FATAL Error'))).catch(() => undefined);
  await file.stop();
  await expect(ask()).rejects.toThrow('not started');
});
