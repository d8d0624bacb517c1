import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DeadLetter } from '@spillway/dead-letters';
import { until } from '@spillway/test-support/until';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { ModuleContext } from '../registry/module.ts';
import { askRunning } from './control-client.ts';
import { ControlServer } from './control-server.ts';

let dir: string;
let server: ControlServer;
let made = 0;
let hasEnded = false;

/** So many dead letters of a kilobyte. */
async function* list(count: number, ending: AbortSignal): AsyncGenerator<DeadLetter> {
  try {
    for (made = 0; made < count; made++) {
      ending.throwIfAborted();
      yield { id: `logs/0/${made}`, reason: 'x'.repeat(1_000) } as DeadLetter;
    }
  } finally {
    hasEnded = true;
  }
}

async function serve(count: number): Promise<void> {
  const deadLetters = { list: (_: unknown, ending: AbortSignal) => list(count, ending) };
  const process = { given: () => ({ deadLetters }) };
  server = new ControlServer({ dir, context: { process } as unknown as ModuleContext });
  await server.start();
}

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'spillway-control-server-'));
  hasEnded = false;
});
afterEach(async () => {
  await server.stop();
  rmSync(dir, { recursive: true });
});

it('hands an answer of any length over piece by piece', async () => {
  await serve(12_345);
  const ids: string[] = [];
  const answer = await askRunning({
    socket: server.path,
    command: 'deadletters list',
    options: {},
    onProgress: () => {},
    onItems: (items) => {
      expect(items.length).toBeLessThanOrEqual(100);
      ids.push(...items.map(({ id }) => id));
    },
  });
  expect(answer?.result).toEqual({ listed: 12_345 });
  expect(ids).toEqual(Array.from({ length: 12_345 }, (_, n) => `logs/0/${n}`));
});

it('makes no more of it than is read, and ends when whoever asked has gone', async () => {
  await serve(1_000_000);
  const call = request({ socketPath: server.path, path: '/', method: 'POST' });
  call.on('error', () => {});
  call.end(JSON.stringify({ command: 'deadletters list', options: {} }));
  const [answer] = (await once(call, 'response')) as [IncomingMessage];
  await once(answer, 'readable');
  let before = -1;
  await until(async () => {
    const isStill = made === before;
    before = made;
    await new Promise((resolve) => setTimeout(resolve, 200));
    return isStill;
  });
  expect(made).toBeLessThan(10_000);
  expect(hasEnded).toBe(false);
  call.destroy();
  await until(() => hasEnded);
});
