/**
 * A spill's folder: `format`, `lock.sqlite`, `owner` (its pid, for messages), `identity` (this),
 * `messages/` and `notes/` (journals), `values/`.
 */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { checkFormat, type Files, type FolderLock, writeFormat } from '@spillway/journal';
import type { DurableValues } from './durable-values.ts';

/** Outlives its owners. */
export interface FolderIdentity {
  id: string;
  /** Who opened it last. */
  gateway: string;
  /** How often it was opened. */
  opens: number;
}

const format = { name: 'spillway-spill', version: 1 };
const identityName = 'identity';

/**
 * Makes the folder if missing and takes its lock. Throws JournalError 'locked' (naming the folder
 * and the process), 'newer-version' or 'not-a-journal', having changed nothing.
 */
export async function takeFolder(files: Files, dir: string): Promise<FolderLock> {
  const known = await checkFormat(files, dir, format);
  await files.mkdir(dir);
  const lock = files.lock(dir);
  try {
    if (!known) await writeFormat(files, dir, format);
    await files.mkdir(join(dir, 'values'));
    return lock;
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** A new one where there is none, or none that can be read. */
export async function readIdentity(
  values: DurableValues,
  gateway: string,
): Promise<FolderIdentity> {
  const bytes = await values.read(identityName);
  if (bytes === undefined) return { id: randomUUID(), gateway, opens: 0 };
  return JSON.parse(Buffer.from(bytes).toString('utf8'));
}

export function writeIdentity(values: DurableValues, identity: FolderIdentity): Promise<void> {
  return values.write(identityName, Buffer.from(JSON.stringify(identity)));
}
