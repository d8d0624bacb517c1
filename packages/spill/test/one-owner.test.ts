import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { openSpill, type SpillEvent } from '../src/index.ts';

const child = fileURLToPath(new URL('spill-child.ts', import.meta.url));

/** The last partition is never drained: a few appends leave something of it. */
async function appended(stdout: Readable): Promise<void> {
  let told = '';
  for await (const part of stdout.iterator({ destroyOnReturn: false })) {
    told += String(part);
    if (told.split('appended').length > 5) break;
  }
  stdout.resume();
}

test('a second process is refused by folder and pid, and takes over after a kill -9', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'spill-owner-'));
  try {
    const owner = spawn(process.execPath, [child, dir, '0'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await appended(owner.stdout);
    const events: SpillEvent[] = [];
    const options = { dir, gateway: 'gw-2', bytesMax: 1e9 };
    await expect(openSpill(options)).rejects.toMatchObject({
      code: 'locked',
      message: `${dir} is in use by process ${owner.pid}`,
    });
    owner.kill('SIGKILL');
    await once(owner, 'close');
    const spill = await openSpill({ ...options, report: (event) => events.push(event) });
    const { messages } = spill.stats();
    const gateways = [{ gateway: 'gw-1', epoch: 7, messages }];
    expect(events).toMatchObject([{ type: 'taken-over', from: 'gw-1', messages, gateways }]);
    await spill.close();
  } finally {
    await rm(dir, { recursive: true });
  }
});
