import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { makePrivate } from './private-folder.ts';

const dir = mkdtempSync(join(tmpdir(), 'spillway-private-'));
afterEach(() => rmSync(dir, { recursive: true }));

const modeOf = (path: string) => statSync(path).mode & 0o777;

it('takes folders and files of an earlier version from all but their owner, and follows no link', () => {
  const data = join(dir, 'data');
  mkdirSync(join(data, 'postgres', 'base'), { recursive: true });
  writeFileSync(join(data, 'postgres', 'base', '1'), '');
  writeFileSync(join(dir, 'elsewhere'), '');
  for (const path of [data, join(data, 'postgres'), join(data, 'postgres', 'base')]) {
    chmodSync(path, 0o755);
  }
  for (const path of [join(data, 'postgres', 'base', '1'), join(dir, 'elsewhere')]) {
    chmodSync(path, 0o644);
  }
  symlinkSync(join(dir, 'elsewhere'), join(data, 'link'));
  expect(makePrivate(data)).toEqual([]);
  expect(modeOf(data)).toBe(0o700);
  expect(modeOf(join(data, 'postgres', 'base'))).toBe(0o700);
  expect(modeOf(join(data, 'postgres', 'base', '1'))).toBe(0o600);
  expect(modeOf(join(dir, 'elsewhere'))).toBe(0o644);
  expect(makePrivate(join(data, 'not there'))).toEqual([]);
});
