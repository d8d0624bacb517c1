import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { openSpill } from '../src/index.ts';
import { drain } from './tools.ts';

const rounds = 30;
const partitions = 4;
const child = fileURLToPath(new URL('spill-child.ts', import.meta.url));

test(`${rounds} times kill -9 while appending and draining: all is drained, in order`, async () => {
  const dir = await mkdtemp(join(tmpdir(), 'spill-kill-'));
  const appended: number[] = [];
  const drained = new Set<number>();
  try {
    for (let round = 1; round <= rounds; round += 1) {
      const told = await killed(dir, round * 1_000_000, round);
      appended.push(...told.appended);
      for (const run of told.drained) expectAscending(run);
      for (const sequence of told.drained.flat()) drained.add(sequence);
    }
    // That it opens says also that the dead process left no lock.
    const spill = await openSpill({ dir, gateway: 'gw-2', bytesMax: 1e9 });
    for (let partition = 0; partition < partitions; partition += 1) {
      const rest = await drain(spill, partition, { bytesMax: 100_000 });
      expectAscending(rest);
      for (const sequence of rest) drained.add(sequence);
    }
    expect(spill.stats()).toMatchObject({ messages: 0, lost: 0 });
    await spill.close();
    expect(appended.length).toBeGreaterThan(rounds);
    expect(appended.filter((sequence) => !drained.has(sequence))).toEqual([]);
  } finally {
    await rm(dir, { recursive: true });
  }
}, 120_000);

function expectAscending(sequences: readonly number[]): void {
  expect(sequences).toEqual([...new Set(sequences)].sort((a, b) => a - b));
}

interface Told {
  appended: number[];
  /** Per partition, in the order of draining. */
  drained: number[][];
}

/** Kills it a little later each round. */
function killed(dir: string, from: number, round: number): Promise<Told> {
  return new Promise((resolve, reject) => {
    const process_ = spawn(process.execPath, [child, dir, String(from)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    process_.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      if (output.length > round * 400) process_.kill('SIGKILL');
    });
    process_.on('error', reject);
    process_.on('close', (_code, signal) => {
      if (signal !== 'SIGKILL') return reject(new Error(`The child ended by ${signal}`));
      resolve(read(output.split('\n').slice(0, -1)));
    });
  });
}

function read(lines: readonly string[]): Told {
  const told: Told = { appended: [], drained: Array.from({ length: partitions }, () => []) };
  for (const line of lines) {
    const [what, ...rest] = line.split(' ');
    const sequences = rest.map(Number);
    if (what === 'appended') told.appended.push(...sequences);
    if (what === 'drained') told.drained[(sequences[0] ?? 0) % partitions]?.push(...sequences);
  }
  return told;
}
