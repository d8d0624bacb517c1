import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { openJournal } from '../src/index.ts';
import { readAll, textOf } from './tools.ts';

const rounds = 50;
const child = fileURLToPath(new URL('writer-child.ts', import.meta.url));

test('50 times kill -9 while it writes: what was acknowledged is there, in order, once', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'journal-kill-'));
  const acknowledged = new Map<number, number>();
  try {
    let from = 0;
    for (let round = 0; round < rounds; round += 1) {
      // Each process gets numbers of its own: one that was not acknowledged may be there or not.
      for (const [sequence, own] of await killWhileWriting(dir, from, round)) {
        expect(acknowledged.has(sequence)).toBe(false);
        acknowledged.set(sequence, own);
      }
      from += 1_000_000;
      await check(dir, acknowledged);
    }
    expect(acknowledged.size).toBeGreaterThan(rounds);
  } finally {
    await rm(dir, { recursive: true });
  }
}, 120_000);

async function check(dir: string, acknowledged: ReadonlyMap<number, number>): Promise<void> {
  // That it opens says also that the dead process left no lock.
  const journal = await openJournal({ dir, bytesMax: 1e9 });
  const entries = await readAll(journal);
  await journal.close();
  const found = new Map(
    entries.map((entry) => [entry.sequence, Number.parseInt(textOf(entry), 10)]),
  );
  expect(found.size).toBe(entries.length);
  const lost = [...acknowledged].filter(([sequence, own]) => found.get(sequence) !== own);
  expect(lost).toEqual([]);
  const order = [...found.values()];
  expect(order).toEqual([...new Set(order)].sort((a, b) => a - b));
}

/** Kills it a few acknowledgements later each round; answers what it acknowledged. */
function killWhileWriting(dir: string, from: number, round: number): Promise<[number, number][]> {
  return new Promise((resolve, reject) => {
    const stdio = ['ignore', 'pipe', 'inherit'] as const;
    const writer = spawn(process.execPath, [child, dir, String(from)], { stdio: [...stdio] });
    let output = '';
    writer.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      if (output.length > round * 20) writer.kill('SIGKILL');
    });
    writer.on('error', reject);
    writer.on('close', (_code, signal) => {
      if (signal !== 'SIGKILL') return reject(new Error(`The writer ended by ${signal}`));
      const lines = output.split('\n').slice(0, -1);
      resolve(lines.map((line) => line.split(' ').map(Number) as [number, number]));
    });
  });
}
