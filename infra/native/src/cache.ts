import { access, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { withLock } from './lock.ts';

/**
 * A folder of the cache. When it is not there, `build` fills a temporary one, which takes the name
 * in one step: no process sees a half-filled folder, and two processes build it once.
 */
export async function cached(name: string, build: (dir: string) => Promise<void>): Promise<string> {
  const root = cacheRoot();
  const folder = join(root, name);
  if (await exists(folder)) return folder;
  return withLock(join(root, `${name}.lock`), async () => {
    if (await exists(folder)) return folder;
    await mkdir(root, { recursive: true });
    const draft = await mkdtemp(join(root, `${name}.draft-`));
    try {
      await build(draft);
      await rename(draft, folder);
    } catch (error) {
      await rm(draft, { recursive: true, force: true });
      throw error;
    }
    return folder;
  });
}

/** `SPILLWAY_NATIVE_CACHE`, else `~/.cache/spillway/native`. */
function cacheRoot(): string {
  return process.env.SPILLWAY_NATIVE_CACHE || join(homedir(), '.cache', 'spillway', 'native');
}

export function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
