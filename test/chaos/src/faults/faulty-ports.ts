/** Faults below Spillway's ports for files and time, in its own process; a test's, not the product's. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { nodeFiles, type OpenFile } from '@spillway/journal';

/** Files in the folder of a process, by which the lab breaks it while it runs. */
export const switches = {
  /** While it is there, every write of a journal fails with ENOSPC. */
  fullDisk: 'disk-is-full',
  /** Holds how far the clock is off, ms. */
  clockOffset: 'clock-offset-ms',
} as const;

const lookEveryMs = 50;
const lateMs = 1_500;

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
  replaceOpen((opened) => {
    const write: OpenFile['write'] = async (parts, position) => {
      if (!existsSync(file)) return opened.write(parts, position);
      // As a disk does: what still fits is written.
      const [first = new Uint8Array()] = parts;
      await opened.write([first.subarray(0, Math.floor(first.length / 2))], position);
      throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    };
    return { ...methodsOf(opened), write };
  });
}

/** Journals are told that their bytes are written and synced long before they are. */
export function plantLateWrites(): void {
  replaceOpen((opened) => {
    let written: Promise<unknown> = Promise.resolve();
    const methods = methodsOf(opened);
    const afterwards = <A extends unknown[], R>(run: (...of: A) => Promise<R>) => {
      return (...of: A): Promise<R> => written.then(() => run(...of));
    };
    return {
      write: async (parts, position) => {
        const copies = parts.map((part) => Uint8Array.from(part));
        const late = sleep(lateMs);
        written = written.then(() => late).then(() => opened.write(copies, position));
      },
      sync: async () => {},
      size: afterwards(methods.size),
      read: afterwards(methods.read),
      truncate: afterwards(methods.truncate),
      close: afterwards(methods.close),
    };
  });
}

function replaceOpen(wrap: (opened: OpenFile) => OpenFile): void {
  const { open } = nodeFiles;
  nodeFiles.open = async (path, how) => wrap(await open(path, how));
}

function methodsOf(file: OpenFile): OpenFile {
  return {
    size: () => file.size(),
    read: (into, position) => file.read(into, position),
    write: (parts, position) => file.write(parts, position),
    sync: () => file.sync(),
    truncate: (bytes) => file.truncate(bytes),
    close: () => file.close(),
  };
}
