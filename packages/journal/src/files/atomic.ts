/** Small whole files: read, and replaced so that a crash leaves the old or the new one. */
import { dirname } from 'node:path';
import { isNotFound } from '../errors.ts';
import type { Files } from './files.ts';

/** Reads a whole file; undefined when there is none. */
export async function readWhole(files: Files, path: string): Promise<Buffer | undefined> {
  let file: Awaited<ReturnType<Files['open']>>;
  try {
    file = await files.open(path, 'read');
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
  try {
    const bytes = Buffer.allocUnsafe(await file.size());
    return bytes.subarray(0, await file.read(bytes, 0));
  } finally {
    await file.close();
  }
}

/** Replaces a file in one step: after a crash it has its old or its new content. */
export async function replaceWhole(files: Files, path: string, bytes: Uint8Array): Promise<void> {
  const temporary = `${path}.tmp`;
  await unlinkIfThere(files, temporary);
  const file = await files.open(temporary, 'create');
  try {
    await file.write([bytes], 0);
    await file.sync();
  } finally {
    await file.close();
  }
  await files.rename(temporary, path);
  await files.syncDir(dirname(path));
}

async function unlinkIfThere(files: Files, path: string): Promise<void> {
  try {
    await files.unlink(path);
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}
