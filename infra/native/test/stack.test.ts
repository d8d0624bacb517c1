import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { treeOf } from '../src/process-tree.ts';
import { expectEnded } from './processes.ts';

const program = fileURLToPath(new URL('../src/stack.ts', import.meta.url));
const dir = join(tmpdir(), `spillway-native-stack-${randomUUID()}`);

afterAll(async () => {
  await stack('down', '--native', '--dir', dir);
  await rm(dir, { recursive: true, force: true });
});

interface Ended {
  code: number;
  output: string;
}

function stack(...words: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, [program, ...words], (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code) : 0, output: stdout + stderr });
    });
  });
}

async function pidsOf(kind: string): Promise<number[]> {
  const state = JSON.parse(await readFile(join(dir, 'state.json'), 'utf8'));
  return state[kind].servers.flatMap(({ pid }: { pid: number }) => treeOf(pid));
}

test('up starts what outlives it, status tells, down ends exactly that', async () => {
  const where = ['--native', '--dir', dir];
  const started = await stack('up', '--only', 'redis,postgres', ...where);
  expect(started.output).toMatch(/SPILLWAY_STORE_LIVE_REDIS_URL=redis:\/\/127\.0\.0\.1:\d+/);
  expect(started.output).toMatch(/SPILLWAY_STORE_WRITE_POSTGRES_URL=postgres:\/\//);
  expect(started.code).toBe(0);

  const answering = await stack('status', ...where);
  expect(answering.output).toMatch(/^postgres .* answers\nredis .* answers$/m);
  expect(answering.code).toBe(0);

  const [redis, postgres] = [await pidsOf('redis'), await pidsOf('postgres')];
  const again = await stack('up', '--only', 'redis', ...where);
  expect(again.output).toContain('redis is up already');
  expect(await pidsOf('redis')).toEqual(redis);

  for (const pid of redis) process.kill(pid, 'SIGKILL');
  await expectEnded(redis);
  const gap = await stack('status', ...where);
  expect(gap.output).toMatch(/^redis .* has ended$/m);
  expect(gap.code).toBe(1);

  expect((await stack('down', ...where)).code).toBe(0);
  await expectEnded(postgres);
  expect((await stack('status', ...where)).output).toBe('nothing was started\n');
});

test('a word that it does not know is answered with its usage', async () => {
  const { code, output } = await stack('up', '--only', 'mysql');
  expect(code).toBe(2);
  expect(output).toContain('mysql is none of kafka, postgres, elasticsearch, redis, rabbitmq');
});
