import { rmSync } from 'node:fs';
import { chown, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { whenThisProcessEnds } from './at-exit.ts';
import { run } from './run.ts';
import type { Placement } from './server.ts';

export interface DataFolder {
  dir: string;
  remove(): Promise<void>;
  /**
   * After a start that failed: removes it unless it was chosen by the caller, who may have data in
   * it.
   */
  discard(): Promise<void>;
}

/** The folder asked for, or a temporary one that goes when this process exits; owned by `user`. */
export async function openDataFolder(
  kind: string,
  { dir, outlive }: Placement,
  user?: string,
): Promise<DataFolder> {
  const folder = await makeFolder(kind, dir);
  const isTemporary = dir === undefined;
  const keep =
    isTemporary && !outlive
      ? whenThisProcessEnds(() => rmSync(folder, { recursive: true, force: true }))
      : () => undefined;
  async function remove(): Promise<void> {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    keep();
  }
  const discard = async () => (isTemporary ? remove() : undefined);
  try {
    if (user !== undefined) await giveTo(folder, user);
  } catch (error) {
    await discard();
    throw error;
  }
  return { dir: folder, remove, discard };
}

/** The user that a server which refuses root runs as: its package's, when we are root. */
export function unlessRoot(packageUser: string): string | undefined {
  return process.getuid?.() === 0 ? packageUser : undefined;
}

/** The words before a command that let it run as this user, which only root may do. */
export function as(user: string | undefined): string[] {
  if (user === undefined) return [];
  return ['setpriv', `--reuid=${user}`, `--regid=${user}`, '--init-groups'];
}

async function makeFolder(kind: string, dir: string | undefined): Promise<string> {
  if (dir === undefined) return mkdtemp(join(tmpdir(), `spillway-native-${kind}-`));
  await mkdir(dir, { recursive: true });
  return resolve(dir);
}

async function giveTo(folder: string, user: string): Promise<void> {
  const passwd = await readFile('/etc/passwd', 'utf8');
  const entry = passwd.split('\n').find((line) => line.startsWith(`${user}:`));
  if (entry === undefined) throw new Error(`there is no user ${user} on this machine`);
  const [, , uid, gid] = entry.split(':');
  await chown(folder, Number(uid), Number(gid));
  const enter = [...as(user), 'test', '-x', folder] as unknown as [string];
  await run(enter, { timeoutMs: 10_000 }).catch(() => {
    throw new Error(`the user ${user} may not enter ${folder}: a folder above it is closed to it`);
  });
}
