import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openJournal } from '../src/index.ts';

let dir: string;
const bytesMax = 1e6;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'journal-lock-'));
});

afterEach(() => rm(dir, { recursive: true }));

test('a second owner in the same process is refused, and told who has it', async () => {
  const journal = await openJournal({ dir, bytesMax });
  const second = openJournal({ dir, bytesMax });
  await expect(second).rejects.toMatchObject({
    code: 'locked',
    message: `${dir} is in use by process ${process.pid}`,
  });
  expect(await journal.append([Buffer.from('still ours')])).toMatchObject({ status: 'durable' });
  await journal.close();
  await (await openJournal({ dir, bytesMax })).close();
});

test('another process is refused too, until the owner is killed with -9', async () => {
  const child = fileURLToPath(new URL('lock-child.ts', import.meta.url));
  const owner = spawn(process.execPath, [child, dir], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(owner.stdout, 'data');
  const second = openJournal({ dir, bytesMax });
  await expect(second).rejects.toMatchObject({
    code: 'locked',
    message: `${dir} is in use by process ${owner.pid}`,
  });
  owner.kill('SIGKILL');
  await once(owner, 'close');
  await (await openJournal({ dir, bytesMax })).close();
});

test('a folder of a newer version is refused by name, and nothing in it is touched', async () => {
  const newer = join(dir, 'newer');
  await mkdir(newer);
  await writeFile(join(newer, 'format'), 'spillway-journal 7\n');
  await expect(openJournal({ dir: newer, bytesMax })).rejects.toMatchObject({
    code: 'newer-version',
    message: `${newer} has spillway-journal version 7; this release supports up to 1`,
  });
  expect(await readdir(newer)).toEqual(['format']);
  expect(await readFile(join(newer, 'format'), 'utf8')).toBe('spillway-journal 7\n');
});

test('a folder of something else is refused, and nothing in it is touched', async () => {
  await writeFile(join(dir, 'format'), 'holiday photos\n');
  await expect(openJournal({ dir, bytesMax })).rejects.toMatchObject({ code: 'not-a-journal' });
  expect(await readdir(dir)).toEqual(['format']);
});
