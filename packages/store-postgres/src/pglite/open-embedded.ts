import {
  demandRoom,
  demandUsable,
  EnvironmentError,
  environmentCodeOf,
  namedIfEnvironment,
} from '@spillway/journal';
import { messageOf } from '@spillway/resilience';
import { migrate } from '../admin/migrate.ts';
import type { PostgresStoreConfig } from '../config.ts';
import { FolderInUseError, MigrationChangedError, SchemaTooNewError } from '../errors.ts';
import { EmbeddedClient } from './embedded-client.ts';
import { findShrunk, saveSizes } from './file-sizes.ts';
import type { Folder } from './folder.ts';
import { checkPages } from './page-check.ts';

const mebibyte = 1_048_576;
/** One more segment of the WAL, and a little. */
const roomBytes = 20 * mebibyte;
/** A database from nothing, and its first segments of the WAL. */
const freshRoomBytes = 64 * mebibyte;
/** About a second of work; what lies beyond is verified when it is read. */
const checkedBytesMax = 512 * mebibyte;

/**
 * Opens the folder's database with the schema of this version. One that was open when the machine
 * went down, or that is damaged, is set aside, and an empty one takes its place.
 * @throws EnvironmentError when the machine does not let it be opened; then nothing is set aside
 */
export async function openEmbedded(
  folder: Folder,
  report: PostgresStoreConfig['report'],
): Promise<EmbeddedClient> {
  const place = { path: folder.path, wanted: 'open the write store' };
  try {
    return await openOrReplace(folder, report);
  } catch (error) {
    throw namedIfEnvironment(error, place);
  }
}

/** Opens the folder again, which this process still holds: its database died, and the process did not. */
export function reopenEmbedded(folder: Folder): Promise<EmbeddedClient> {
  return openMigrated(folder, false);
}

async function openOrReplace(folder: Folder, report: PostgresStoreConfig['report']) {
  const place = { path: folder.path, wanted: 'open the write store' };
  const state = await folder.inspect();
  await demandRoom(place, state.type === 'usable' ? roomBytes : freshRoomBytes);
  let reason = state.type === 'suspect' ? state.reason : undefined;
  if (state.type === 'usable') {
    await folder.markOpen({ complete: true });
    try {
      return await openVerified(folder);
    } catch (error) {
      reason = await reasonToSetAside(folder, error);
    }
  }
  if (reason !== undefined) {
    report?.({ type: 'store-set-aside', path: await folder.setAside(), reason });
  }
  await folder.empty();
  await folder.markOpen({ complete: false });
  const client = await openMigrated(folder, true);
  await folder.markOpen({ complete: true });
  return client;
}

/** Throws the error again where it says nothing about the files. */
async function reasonToSetAside(folder: Folder, error: unknown): Promise<string> {
  const isTheirs =
    error instanceof SchemaTooNewError ||
    error instanceof MigrationChangedError ||
    error instanceof FolderInUseError ||
    environmentCodeOf(error) !== undefined;
  const trouble = isTheirs ? error : await environmentTrouble(folder);
  if (trouble === undefined) return `it does not open: ${messageOf(error)}`;
  // As it was found: not open, and on the disk.
  await folder.markClosed().catch(() => undefined);
  throw trouble;
}

/** An error that names no cause, while nothing can be written or opened, has that cause. */
async function environmentTrouble(folder: Folder): Promise<EnvironmentError | undefined> {
  try {
    await demandUsable({ path: folder.path, wanted: 'open the write store' });
    return undefined;
  } catch (error) {
    return error instanceof EnvironmentError ? error : undefined;
  }
}

/** Throws when a page does not match its checksum, a file was cut, or the WAL ends too early. */
async function openVerified(folder: Folder): Promise<EmbeddedClient> {
  const { damage, lsnMax } = await checkPages({
    dataDir: folder.dataDir,
    bytesMax: checkedBytesMax,
  });
  if (damage !== undefined) throw new Error(damage);
  const client = await openMigrated(folder, false, async (opened) => {
    const shrunk = await findShrunk(opened, folder.sizesFile);
    if (shrunk !== undefined) throw new Error(shrunk);
    const walEnd = await walEndOf(opened);
    if (lsnMax > walEnd) throw new Error(`the WAL ends at ${walEnd}, before a page of ${lsnMax}`);
  });
  return client;
}

async function openMigrated(
  folder: Folder,
  fresh: boolean,
  verify: (client: EmbeddedClient) => Promise<void> = async () => {},
): Promise<EmbeddedClient> {
  const keepSizes = (client: Parameters<typeof saveSizes>[0]) =>
    saveSizes(client, folder.sizesFile);
  const client = await EmbeddedClient.open({ dir: folder.dataDir, fresh }, keepSizes);
  try {
    await verify(client);
    await migrate(client);
    await keepSizes(client);
    return client;
  } catch (error) {
    await client.close();
    throw error;
  }
}

async function walEndOf(client: EmbeddedClient): Promise<bigint> {
  const { rows } = await client.query("SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')");
  return BigInt(rows[0]?.[0] ?? 0);
}
