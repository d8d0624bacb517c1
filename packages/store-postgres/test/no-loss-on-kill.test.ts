import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import { createPostgresStore } from '../src/index.ts';

const rounds = 3;
const recordsPerBatch = 100;

test('after kill -9 every applied batch is there, and no half of one', async () => {
  const parent = await mkdtemp(join(tmpdir(), 'spillway-postgres-'));
  const dir = join(parent, 'postgres');
  const reported: number[] = [];
  for (let round = 0; round < rounds; round++) reported.push(await applyAndKill(dir, round));
  const events: unknown[] = [];
  const report = (event: unknown) => events.push(event);
  const store = createPostgresStore({ dir, retentionMs: 7 * 86_400_000, report });
  await store.start();
  for (const [round, batches] of reported.entries()) {
    const range = { fromMinute: 0, toMinute: 2_000_000_000, tenant: `gw-${round}` };
    const applied = await store.appliedMessages(range);
    const stored = applied.reduce((sum, message) => sum + message.stored, 0);
    expect(stored).toBeGreaterThanOrEqual(batches * recordsPerBatch);
    expect(stored % recordsPerBatch).toBe(0);
    const [count] = await store.rowCounts(range);
    expect(count?.rows).toBe(stored);
    const place = { topic: 'otlp_spans', partition: round };
    expect(await store.capabilities.nextPositions?.([place])).toEqual([
      { ...place, position: applied.length },
    ]);
  }
  expect(events).toEqual([]);
  await store.stop();
  await rm(parent, { recursive: true });
}, 120_000);

/** Kills the process at its fifth batch or a little later; the batches that it reported. */
async function applyAndKill(dir: string, round: number): Promise<number> {
  const script = join(import.meta.dirname, 'applying-process.ts');
  const child = spawn(process.execPath, [script, dir, String(round)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let batches = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    batches = Number(line);
    if (batches === 5) setTimeout(() => child.kill('SIGKILL'), 37 * round);
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  expect(child.signalCode).toBe('SIGKILL');
  return batches;
}
