/** Looks at a folder's environment before, and after, something in it fails. */
import { closeSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { EnvironmentError, namedIfEnvironment } from './environment.ts';

export interface Place {
  path: string;
  /** What is to be done there, e.g. `open the write store`. */
  wanted: string;
}

const mebibyte = 1_048_576;
const probeBytes = 64 * 1_024;
const probeDescriptors = 16;

/**
 * Throws `EnvironmentError` when the disk of the folder, which need not exist yet, has less than
 * `bytes` free. Nothing is written.
 */
export async function demandRoom(place: Place, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfsNearest(place);
  const free = bavail * bsize;
  if (free >= bytes) return;
  const detail = `${mebibytes(free)} MiB are free and ${mebibytes(bytes)} MiB are needed`;
  throw new EnvironmentError({ ...place, code: 'ENOSPC', detail });
}

/**
 * Throws `EnvironmentError` when files cannot be opened and written in the folder at this moment:
 * an error that says nothing of its cause is then no sign of damage.
 */
export async function demandUsable(place: Place): Promise<void> {
  await demandRoom(place, mebibyte);
  const probe = join(place.path, `.probe-${process.pid}`);
  const open: number[] = [];
  try {
    for (let i = 0; i < probeDescriptors; i += 1) open.push(openSync(place.path, 'r'));
    writeFileSync(probe, Buffer.alloc(probeBytes), { mode: 0o600, flush: true });
  } catch (error) {
    throw namedIfEnvironment(error, place);
  } finally {
    for (const descriptor of open) closeSync(descriptor);
    rmSync(probe, { force: true });
  }
}

async function statfsNearest(place: Place): Promise<{ bavail: number; bsize: number }> {
  for (let at = place.path; ; at = dirname(at)) {
    try {
      return await statfs(at);
    } catch (error) {
      const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
      if (!isMissing || at === dirname(at)) throw namedIfEnvironment(error, place);
    }
  }
}

function mebibytes(bytes: number): string {
  return (bytes / mebibyte).toFixed(bytes < 10 * mebibyte ? 1 : 0);
}
