import { join } from 'node:path';
import { JournalError } from './errors.ts';
import { readWhole, replaceWhole } from './files/atomic.ts';
import type { Files } from './files/files.ts';

/** The name and version of a folder's format. */
export interface Format {
  /** What the folder holds, e.g. 'spillway-journal'. */
  name: string;
  /** The newest version that this release reads and writes. */
  version: number;
}

/**
 * Reads the folder's `format` file and touches nothing.
 * Throws 'newer-version' and 'not-a-journal'; answers false when there is no such file.
 */
export async function checkFormat(files: Files, dir: string, format: Format): Promise<boolean> {
  const bytes = await readWhole(files, join(dir, 'format'));
  if (bytes === undefined) return false;
  const [name, version] = bytes.toString('utf8').trim().split(' ');
  const found = Number(version);
  if (name !== format.name || !Number.isSafeInteger(found)) {
    throw new JournalError('not-a-journal', `${dir} is not a ${format.name} folder`);
  }
  if (found > format.version) {
    throw new JournalError(
      'newer-version',
      `${dir} has ${format.name} version ${found}; this release supports up to ${format.version}`,
    );
  }
  return true;
}

/** Writes the file that names the format of a folder and its version. */
export function writeFormat(files: Files, dir: string, format: Format): Promise<void> {
  const text = `${format.name} ${format.version}\n`;
  return replaceWhole(files, join(dir, 'format'), Buffer.from(text));
}
