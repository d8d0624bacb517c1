import type { DataFolder } from './data-folder.ts';
import type { NativeServer } from './server.ts';

/**
 * Starts servers that live in one folder; resolves with what ends them and deletes their data. When
 * it fails, nothing runs any more and no temporary folder stays.
 */
export async function startIn(
  folder: DataFolder,
  servers: readonly NativeServer[],
  start: () => Promise<void>,
): Promise<() => Promise<void>> {
  const killAll = () => Promise.all(servers.map((server) => server.kill()));
  try {
    await start();
  } catch (error) {
    await killAll();
    await folder.discard();
    throw error;
  }
  return async () => {
    await killAll();
    await folder.remove();
  };
}
