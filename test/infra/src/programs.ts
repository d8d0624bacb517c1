import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Where a program is; throws with the name of Debian's package when it is nowhere. */
export function programOf(name: string, debianPackage: string): string {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];
  const found = folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
  if (found) return found;
  throw new Error(`${name} is needed: apt-get install ${debianPackage}`);
}
