import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createEmbeddedBroker } from '../src/index.ts';

const child = fileURLToPath(new URL('publisher-child.ts', import.meta.url));
const rounds = 12;
let dir: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'embedded-kill-'));
});

afterEach(() => rm(dir, { recursive: true }));

test('kill -9 while it publishes and consumes: the group gets all that was acknowledged', async () => {
  const published = new Set<string>();
  const polled = new Set<string>();
  for (let round = 0; round < rounds; round += 1) {
    for (const line of await killAtWork(round)) {
      const [what, own] = line.split(' ') as [string, string];
      (what === 'published' ? published : polled).add(own);
    }
  }
  const broker = createEmbeddedBroker({ dir });
  await broker.start();
  const member = await broker.subscribe({ group: 'g', topics: ['otlp_logs'] });
  const { signal } = new AbortController();
  for (;;) {
    const messages = await member.poll({ bytesMax: 1e6, waitMs: 0, abort: signal });
    if (messages.length === 0) break;
    for (const { value } of messages) polled.add(Buffer.from(value).toString());
    await member.commit(messages);
  }
  for (const lag of await broker.lag('g')) expect(lag).toMatchObject({ messages: 0, expired: 0 });
  await broker.stop();
  expect(published.size).toBeGreaterThan(rounds);
  expect([...published].filter((own) => !polled.has(own))).toEqual([]);
}, 120_000);

test('a folder in use is refused with the process that has it', async () => {
  const broker = createEmbeddedBroker({ dir });
  await broker.start();
  const second = createEmbeddedBroker({ dir });
  await expect(second.start()).rejects.toMatchObject({
    code: 'locked',
    message: `${dir} is in use by process ${process.pid}`,
  });
  await second.stop();
  expect(broker.health().ok).toBe(true);
  await broker.stop();
});

test('a folder of a newer version is refused, and nothing in it is touched', async () => {
  const newer = join(dir, 'newer');
  await mkdir(newer);
  await writeFile(join(newer, 'format'), 'spillway-broker 2\n');
  const broker = createEmbeddedBroker({ dir: newer });
  await expect(broker.start()).rejects.toMatchObject({
    code: 'newer-version',
    message: `${newer} has spillway-broker version 2; this release supports up to 1`,
  });
  expect(await readdir(newer)).toEqual(['format']);
});

function killAtWork(round: number): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const args = [child, dir, String(round * 1_000_000)];
    const worker = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    worker.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      if (output.length > 500 + round * 200) worker.kill('SIGKILL');
    });
    worker.on('error', reject);
    worker.on('close', (_code, signal) => {
      if (signal !== 'SIGKILL') reject(new Error(`The publisher ended by ${signal}`));
      else resolve(output.split('\n').slice(0, -1));
    });
  });
}
