import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createDuckdbSearchStore } from '@spillway/store-duckdb';
import { createPostgresStore } from '@spillway/store-postgres';
import { runSpillway, SpillwayProcess } from '@spillway/test-support';
import { afterEach, describe, expect, it } from 'vitest';
import { judge, type Verdict } from './src/check/census.ts';
import { readReadStore, readWriteStore } from './src/check/read-stores.ts';
import { killRounds } from './src/kill-rounds.ts';
import type { SenderLog } from './src/load/sender-file.ts';
import { seededRandom } from './src/random.ts';

const sabotaged = fileURLToPath(new URL('./src/sabotaged.ts', import.meta.url));
const seed = Number(process.env.SPILLWAY_TEST_SEED ?? Date.now() % 1_000_000);
const cleanups: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

interface Outcome {
  write: Verdict;
  read: Verdict;
  logs: SenderLog[];
  audit: { code: number | null; stdout: string };
}

async function run(rounds: number, program?: string): Promise<Outcome> {
  const dataDir = mkdtempSync(join(tmpdir(), 'spillway-chaos-'));
  cleanups.push(() => rmSync(dataDir, { recursive: true, force: true }));
  const spillway = new SpillwayProcess(program ? { dataDir, program } : { dataDir });
  cleanups.push(async () => void (await spillway.end('SIGKILL')));
  const random = seededRandom(seed);
  const sendersDir = join(dataDir, 'senders');
  mkdirSync(sendersDir);
  const how = { spillway, sendersDir, rounds, random, sendersPerSignal: 3 };
  const { logs } = await killRounds(how);
  const audit = await runSpillway(['audit', '--data', dataDir]);
  expect(await spillway.end('SIGTERM')).toBe(0);
  const retentionMs = 7 * 86_400_000;
  const write = await readWriteStore(
    createPostgresStore({ dir: join(dataDir, 'postgres'), retentionMs }),
  );
  const search = createDuckdbSearchStore({ dir: join(dataDir, 'search') });
  const read = await readReadStore(search, write.contents, logs);
  return { write: judge(write.census, logs), read: judge(read, logs), logs, audit };
}

describe(`load, kill -9, restart (seed ${seed})`, () => {
  it('keeps what was answered 200 exactly once, in order, in both stores', async () => {
    const { write, read, logs, audit } = await run(20);
    expect(write.acknowledged).toBeGreaterThan(100);
    expect(logs.some(({ answers }) => [...answers.keys()].some((each) => each !== '200'))).toBe(
      true,
    );
    const clean = { lost: [], doubled: [], outOfOrder: [], acknowledged: write.acknowledged };
    expect({ write, read }).toEqual({ write: clean, read: clean });
    expect(audit.code, audit.stdout).toBe(0);
  }, 600_000);

  it('is a test that can fail: with the commit moved before the write, records are lost', async () => {
    process.env.SPILLWAY_TEST_SABOTAGE = 'commit-before-write';
    const { write, read } = await run(4, sabotaged);
    expect(write.lost.length + read.lost.length).toBeGreaterThan(0);
  }, 300_000);

  it('is a test that can fail: with the dedup keys switched off, records are doubled', async () => {
    process.env.SPILLWAY_TEST_SABOTAGE = 'no-dedup-keys';
    const { write, read } = await run(4, sabotaged);
    expect(write.doubled.length + read.doubled.length).toBeGreaterThan(0);
  }, 300_000);
});
