/** What is known of the stores that were set aside: a small file beside each. */
import { readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { KeptAside } from '@spillway/ledger';

/** A store of the data folder, as people know it. */
export interface AsideStore {
  /** Its folder's name. */
  folder: string;
  title: string;
}

export interface AsideNote {
  /** Whether the log held everything that the store would still keep. */
  logReachesBack: boolean;
  /**
   * End of the log when this was noted, by topic and partition: another store must be filled up to
   * here.
   */
  ends: Record<string, number>;
  /** Messages that had expired by then, of each group; more of them mean that the log lost some. */
  expired: number;
}

export interface Aside<S extends AsideStore = AsideStore> {
  path: string;
  store: S;
  /** Undefined when nothing was noted yet. */
  note: AsideNote | undefined;
}

const namePattern = /^([^.]+)\.set-aside-[^.]+$/;

/**
 * Lists what of these stores was set aside in a data folder, by name; empty where the folder is
 * missing.
 */
export async function readAsides<S extends AsideStore>(
  dataDir: string,
  stores: readonly S[],
): Promise<Aside<S>[]> {
  const names = await readdir(dataDir).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [] as string[];
    throw error;
  });
  const asides: Aside<S>[] = [];
  for (const name of names.sort()) {
    const folder = namePattern.exec(name)?.[1];
    const store = stores.find((each) => each.folder === folder);
    if (!store) continue;
    const path = join(dataDir, name);
    asides.push({ path, store, note: await readNote(path) });
  }
  return asides;
}

/** Lists the stores that were set aside and may be the only copy of something. */
export async function keptAside(
  dataDir: string,
  stores: readonly AsideStore[],
): Promise<KeptAside[]> {
  const asides = await readAsides(dataDir, stores);
  return asides.flatMap(({ path, store, note }) =>
    note?.logReachesBack ? [] : [{ path, reason: keptReason(store) }],
  );
}

export function keptReason({ title }: AsideStore): string {
  return (
    `this ${title} was set aside, and the log does not reach back to its first record: it may be ` +
    'the only copy. Remove the folder when nothing in it is needed any more'
  );
}

export async function writeNote(path: string, note: AsideNote): Promise<void> {
  const temporary = `${notePath(path)}.tmp`;
  await writeFile(temporary, `${JSON.stringify(note)}\n`, { mode: 0o600, flush: true });
  await rename(temporary, notePath(path));
}

export function notePath(path: string): string {
  return `${path}.json`;
}

/** A note that cannot be read as one is made again. */
async function readNote(path: string): Promise<AsideNote | undefined> {
  try {
    return JSON.parse(await readFile(notePath(path), 'utf8')) as AsideNote;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined || code === 'ENOENT') return undefined;
    throw error;
  }
}
