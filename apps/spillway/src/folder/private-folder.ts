import { chmodSync, lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** What all but its owner could do with a file or a folder. */
const others = 0o077;

/**
 * Takes a folder and all in it from everybody but its owner, also what an earlier version made: the
 * files hold telemetry of every tenant, and who reads them passes by the keys. Symbolic links are
 * not followed. Answers the paths that could not be changed.
 */
export function makePrivate(path: string): string[] {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (!stats || stats.isSymbolicLink()) return [];
  const failed: string[] = [];
  if ((stats.mode & others) !== 0) {
    try {
      chmodSync(path, stats.mode & 0o7700);
    } catch {
      failed.push(path);
    }
  }
  if (!stats.isDirectory()) return failed;
  return [...failed, ...readdirSync(path).flatMap((name) => makePrivate(join(path, name)))];
}
