/** Faults below Spillway's ports for files and time, in its own process; a test's, not the product's. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { nodeFiles, type OpenFile } from '@spillway/journal';

/** Files in the folder of a process, by which the lab breaks it while it runs. */
export const switches = {
  /** While it is there, every write of a journal fails with ENOSPC. */
  fullDisk: 'disk-is-full',
  /** Holds how far the clock is off, ms. */
  clockOffset: 'clock-offset-ms',
} as const;

const lookEveryMs = 50;

/** To be called before Spillway is made. `dir`: the folder of its data. */
export function plantFaults(dir: string): void {
  plantClock(join(dir, switches.clockOffset));
  plantFullDisk(join(dir, switches.fullDisk));
}

function plantClock(file: string): void {
  const now = Date.now;
  let offsetMs = 0;
  const look = () => {
    offsetMs = existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0;
  };
  setInterval(look, lookEveryMs).unref();
  look();
  Date.now = () => now() + offsetMs;
}

function plantFullDisk(file: string): void {
  const { open } = nodeFiles;
  nodeFiles.open = async (path, how) => full(await open(path, how), file);
}

function full(opened: OpenFile, file: string): OpenFile {
  const write: OpenFile['write'] = async (parts, position) => {
    if (!existsSync(file)) return opened.write(parts, position);
    // As a disk does: what still fits is written.
    const [first = new Uint8Array()] = parts;
    await opened.write([first.subarray(0, Math.floor(first.length / 2))], position);
    throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
  };
  return new Proxy(opened, {
    get(_target, name) {
      if (name === 'write') return write;
      const member = opened[name as keyof OpenFile];
      return typeof member === 'function' ? member.bind(opened) : member;
    },
  });
}
