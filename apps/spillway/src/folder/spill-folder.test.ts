import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stampHeaders } from '@spillway/broker';
import { expect, it, onTestFinished } from 'vitest';
import { SpillFolder } from './spill-folder.ts';

const headers = stampHeaders({
  gateway: 'gw-1',
  epoch: 1,
  sequence: 1,
  tenant: 't',
  records: 1,
  receivedMs: 0,
});
const message = { topic: 'otlp_logs', partition: 0, key: 'k', value: [Buffer.from('x')], headers };

it('gives each gateway on one disk a folder of its own, and what was left there to the next', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'spill-folder-'));
  onTestFinished(() => rm(dir, { recursive: true }));
  const open = async (gateway: string) => {
    const folder = new SpillFolder();
    const options = { dir: join(dir, '*'), gateway, bytesMax: 64 * 1024 * 1024 };
    const component = folder.component(options);
    await component.start();
    onTestFinished(() => component.stop());
    return { folder, component };
  };
  const first = await open('gw-1');
  const second = await open('gw-2');
  expect(first.folder.spill?.id).not.toBe(second.folder.spill?.id);
  expect(await first.folder.spill?.append([message])).toMatchObject({ status: 'durable' });
  const left = first.folder.spill?.id;
  await first.component.stop();
  const third = await open('gw-3');
  expect(third.folder.spill?.id).toBe(left);
  expect(third.folder.spill?.stats().messages).toBe(1);
});
