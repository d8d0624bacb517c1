import type { DuckDBConnection } from '@duckdb/node-api';

/** Commits what `work` did, or nothing of it when it throws. */
export async function inTransaction<T>(
  connection: DuckDBConnection,
  work: () => Promise<T>,
): Promise<T> {
  await connection.run('BEGIN TRANSACTION');
  try {
    const result = await work();
    await connection.run('COMMIT');
    return result;
  } catch (error) {
    // A failed COMMIT has already rolled back; the first error is the one to throw.
    await connection.run('ROLLBACK').catch(() => {});
    throw error;
  }
}
