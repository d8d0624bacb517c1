import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { DataFolder } from '../folder/data-folder.ts';
import { findSocket, makeSocketPlace } from './control-path.ts';

let dir: string;
let servers: Server[] = [];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'spillway-control-'));
});
afterEach(() => {
  for (const server of servers) server.close();
  servers = [];
  rmSync(dir, { recursive: true });
});

function longFolder(): DataFolder {
  const folder = new DataFolder(join(dir, 'd'.repeat(120)));
  mkdirSync(folder.dir);
  return folder;
}

async function listen(path: string): Promise<void> {
  const server = createServer();
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(path, resolve));
}

function running(folder: DataFolder, control: string): void {
  const addresses = { otlpHttp: '', otlpGrpc: '', console: '' };
  folder.writeRunFile({ pid: process.pid, startedAt: '', control, addresses });
}

it('lies in the data folder where its path is short enough', () => {
  const folder = new DataFolder('/data');
  expect(makeSocketPlace('/data').path).toBe('/data/control.sock');
  expect(findSocket(folder)).toBe('/data/control.sock');
});

it('else lies in a folder that nobody could make before, which the run file names', async () => {
  const folder = longFolder();
  const [place, other] = [makeSocketPlace(folder.dir), makeSocketPlace(folder.dir)];
  expect(place.path).not.toBe(other.path);
  expect(Buffer.byteLength(place.path)).toBeLessThan(108);
  expect(statSync(dirname(place.path)).mode & 0o777).toBe(0o700);
  expect(findSocket(folder)).toBeUndefined();
  await listen(place.path);
  running(folder, place.path);
  expect(findSocket(folder)).toBe(place.path);
  place.remove();
  other.remove();
  expect(findSocket(folder)).toBeUndefined();
});

it('a socket in a folder that others may write to is not believed', async () => {
  const folder = longFolder();
  const open = join(dir, 'open');
  mkdirSync(open);
  chmodSync(open, 0o777);
  await listen(join(open, 'control.sock'));
  running(folder, join(open, 'control.sock'));
  expect(() => findSocket(folder)).toThrow(/is not trusted: wanted a socket of user/);
});
