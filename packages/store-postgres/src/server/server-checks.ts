/** What must be so of a server, and what its operator should know. */
import type { Queryable } from '../client.ts';
import { ServerUnsuitableError } from '../errors.ts';

const versionMin = 150_000;

/** Off, each lets a power cut (the last: a crash) of the server take what it said is committed. */
const safetySettings = ['fsync', 'full_page_writes', 'synchronous_commit'];

/**
 * Checks that the server suits.
 * @throws ServerUnsuitableError when it does not
 */
export async function checkServer(db: Queryable): Promise<void> {
  const { rows } = await db.query(
    `SELECT current_setting('server_version_num'), current_setting('server_version'),
       current_setting('server_encoding'), pg_is_in_recovery()`,
  );
  const [number, version, encoding, isStandby] = rows[0] as string[];
  if (Number(number) < versionMin) {
    throw new ServerUnsuitableError(`PostgreSQL 15 or later is needed; this is ${version}.`);
  }
  if (encoding !== 'UTF8') {
    throw new ServerUnsuitableError(
      `The database is in ${encoding}, which cannot hold every text: give one in UTF8.`,
    );
  }
  if (isStandby === 't') {
    throw new ServerUnsuitableError('The server is a standby: give the address of the primary.');
  }
}

/** Names the settings of the server that are off and should not be, e.g. `fsync`. */
export async function unsafeSettings(db: Queryable): Promise<string[]> {
  const unsafe = await db.query(
    `SELECT name FROM pg_settings
     WHERE name = ANY ($1::text[]) AND setting = 'off' ORDER BY name`,
    [`{${safetySettings.join(',')}}`],
  );
  return unsafe.rows.map(([name]) => name as string);
}
