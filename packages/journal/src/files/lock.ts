/**
 * One owner per folder. The lock is SQLite's on an empty database: the kernel releases it when the
 * process ends in whatever way (kill -9 leaves nothing stale), and SQLite keeps two holders in one
 * process apart, which a bare fcntl lock would not.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { messageOf } from '@spillway/resilience';
import { JournalError } from '../errors.ts';

/** The lock of a folder, held by one process. */
export interface FolderLock {
  /** Idempotent. */
  release(): void;
}

const SQLITE_BUSY = 5;

/** The folder must exist. */
export function lockFolder(dir: string): FolderLock {
  let database: DatabaseSync;
  try {
    database = new DatabaseSync(join(dir, 'lock.sqlite'));
  } catch (error) {
    throw new JournalError('io', `Cannot lock ${dir}: ${messageOf(error)}`, { cause: error });
  }
  try {
    database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    throw refusal(dir, error);
  }
  noteOwner(dir);
  return {
    release() {
      if (database.isOpen) database.close();
    },
  };
}

function refusal(dir: string, error: unknown): JournalError {
  const busy = error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY;
  if (!busy) {
    return new JournalError('io', `Cannot lock ${dir}: ${messageOf(error)}`, { cause: error });
  }
  return new JournalError('locked', `${dir} is in use by process ${readOwner(dir)}`);
}

/** Only for the message to a second owner; the lock does not depend on it (a full disk is fine). */
function noteOwner(dir: string): void {
  try {
    writeFileSync(join(dir, 'owner'), `${process.pid}\n`);
  } catch {}
}

function readOwner(dir: string): string {
  try {
    return readFileSync(join(dir, 'owner'), 'utf8').trim() || 'unknown';
  } catch {
    return 'unknown';
  }
}
