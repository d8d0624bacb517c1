/** How a connection begins. */
import type pg from 'pg';

export interface SessionOptions {
  schema: string;
  connectTimeoutMs: number;
  statementTimeoutMs: number;
  lockTimeoutMs: number;
}

/**
 * How soon the server ends the statement of a client that is gone. Not every system lets it know;
 * there the time-out of statements does.
 */
const goneAfterMs = 2_000;

/**
 * Says to a new connection, once, what results and waits depend on, whatever the server's defaults.
 * Resolves with the id by which the server knows it.
 */
export async function beginSession(client: pg.ClientBase, options: SessionOptions) {
  const config = { text: sessionSql(options), query_timeout: options.connectTimeoutMs };
  const results: unknown = await client.query(config);
  return Number((results as pg.QueryResult[]).at(-1)?.rows[0]?.pg_backend_pid);
}

function sessionSql(options: SessionOptions): string {
  const settings = {
    search_path: options.schema,
    statement_timeout: options.statementTimeoutMs,
    lock_timeout: options.lockTimeoutMs,
    // A writer that hangs must not keep its locks.
    idle_in_transaction_session_timeout: options.statementTimeoutMs,
    extra_float_digits: 1,
    bytea_output: 'hex',
    datestyle: 'ISO',
    jit: 'off',
  };
  return [
    ...Object.entries(settings).map(([name, value]) => `SET ${name} = ${value};`),
    `DO $$ BEGIN
       PERFORM set_config('client_connection_check_interval', '${goneAfterMs}', false);
     EXCEPTION WHEN OTHERS THEN NULL; END $$;`,
    'SELECT pg_backend_pid()',
  ].join('');
}
