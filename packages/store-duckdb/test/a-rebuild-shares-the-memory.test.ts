import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { DatabaseFile } from '../src/database-file.ts';
import { createDuckdbSearchStore } from '../src/index.ts';
import { countedMb, largeTextFactor } from '../src/memory.ts';
import { Parameters } from '../src/read/parameters.ts';

const memoryLimitMb = 32;
const all = countedMb(memoryLimitMb * largeTextFactor);
let dir: string;
let inUse: DatabaseFile;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'rebuild-memory-'));
  inUse = new DatabaseFile({ dir: join(dir, 'search'), memoryLimitMb, onOpened: () => {} });
  await inUse.start();
});

afterEach(async () => {
  await inUse.stop();
  rmSync(dir, { recursive: true });
});

async function mebibytesOf(file: DatabaseFile): Promise<number> {
  const sql = "SELECT current_setting('memory_limit') AS text";
  const [row] = await file.read((connection) => new Parameters().rows(connection, sql));
  return Number.parseFloat(row?.text as string);
}

/** As a commit fails that finds too little. */
async function needMore(file: DatabaseFile): Promise<void> {
  const work = () => Promise.reject(new Error('failed to pin block of size 256.0 KiB'));
  await expect(file.write(work)).rejects.toThrow('failed to pin');
}

it('whatever both of them need', async () => {
  await needMore(inUse);
  expect(await mebibytesOf(inUse)).toBeCloseTo(all, 0);
  const giveBack = await inUse.lendMemory();
  const next = new DatabaseFile({
    dir: join(dir, 'next'),
    memoryLimitMb,
    factorMax: largeTextFactor - 1,
    onOpened: () => {},
  });
  await next.start();
  for (const file of [inUse, next, inUse, next]) await needMore(file);
  const [own, others] = [await mebibytesOf(inUse), await mebibytesOf(next)];
  expect([own + others <= all + 1, others > 2 * own]).toEqual([true, true]);
  await next.stop();
  await giveBack();
  expect(await mebibytesOf(inUse)).toBeCloseTo(all, 0);
});

it('from the start of the one that is filled to its stop', async () => {
  const calls: string[] = [];
  const lendMemory = async () => {
    calls.push('lent');
    return async () => void calls.push('given back');
  };
  const next = createDuckdbSearchStore({ dir: join(dir, 'next'), beside: { lendMemory } });
  await next.start();
  expect(calls).toEqual(['lent']);
  await next.stop();
  await next.stop();
  expect(calls).toEqual(['lent', 'given back']);
});
