import { closeSync, openSync, readdirSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test, vi } from 'vitest';
import { AttackLab } from './support/attack-lab.ts';

// Each starts processes, which takes CPU-seconds on a busy machine.
vi.setConfig({ testTimeout: 180_000 });

const pageBytes = 8_192;

let lab: AttackLab | undefined;
afterEach(() => lab?.close());

function filesBelow(dir: string): string[] {
  return readdirSync(dir, { recursive: true }).map((name) => join(dir, String(name)));
}

/** Pages in the middle of every table and index that is not tiny. */
function damagePages(dir: string): void {
  for (const path of filesBelow(dir).filter((name) => /\/base\/5\/\d+$/.test(name))) {
    const pages = Math.floor(statSync(path).size / pageBytes);
    if (pages < 4) continue;
    const file = openSync(path, 'r+');
    writeSync(file, Buffer.alloc(pageBytes, 0x5a), 0, pageBytes, Math.floor(pages / 2) * pageBytes);
    closeSync(file);
  }
}

test('a write store whose pages were damaged is set aside, filled again from the log, and removed', async () => {
  lab = await AttackLab.start();
  const { dataDir } = lab;
  await sleep(2_000);
  const open = filesBelow(dataDir).filter((path) => (statSync(path).mode & 0o077) !== 0);
  expect(open, 'what others than the owner may read').toEqual([]);
  expect(statSync(dataDir).mode & 0o777).toBe(0o700);
  await lab.spillway.end('SIGKILL');
  damagePages(join(dataDir, 'postgres', 'data'));
  await lab.restart();
  expect(lab.spillway.output).toContain('store-set-aside');
  const { accepted } = await lab.verdict();
  expect(accepted).toBeGreaterThan(0);
  // The log held all of it, so that the copy is needed no more once another is as full.
  const asides = () => readdirSync(dataDir).filter((name) => name.includes('set-aside'));
  while (asides().length > 0) await sleep(200);
  expect(lab.spillway.output).toContain('set-aside-removed');
});
