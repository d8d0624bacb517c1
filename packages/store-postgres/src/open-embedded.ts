import type { PostgresStoreConfig } from './config.ts';
import { EmbeddedClient } from './embedded-client.ts';
import { SchemaTooNewError } from './errors.ts';
import type { Folder } from './folder.ts';
import { migrate } from './migrate.ts';

/**
 * Opens the folder's database with the schema of this version. One that was open when the machine
 * went down, or that does not open, is set aside, and an empty one takes its place.
 */
export async function openEmbedded(
  folder: Folder,
  report: PostgresStoreConfig['report'],
): Promise<EmbeddedClient> {
  const state = await folder.inspect();
  let reason = state.type === 'suspect' ? state.reason : undefined;
  if (state.type === 'usable') {
    try {
      await folder.markOpen({ complete: true });
      return await openMigrated(folder, false);
    } catch (error) {
      if (error instanceof SchemaTooNewError) {
        await folder.markClosed();
        throw error;
      }
      reason = `it does not open: ${(error as Error).message}`;
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

/** The folder is ours still: its database died, and the process did not. */
export function reopenEmbedded(folder: Folder): Promise<EmbeddedClient> {
  return openMigrated(folder, false);
}

async function openMigrated(folder: Folder, fresh: boolean): Promise<EmbeddedClient> {
  const client = await EmbeddedClient.open({ dir: folder.dataDir, fresh });
  try {
    await migrate(client);
    return client;
  } catch (error) {
    await client.close();
    throw error;
  }
}
