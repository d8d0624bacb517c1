import type { SafetyFinding } from '@spillway/broker';
import type { StoreCapabilities, WriteStore } from '@spillway/store';
import { migrate } from './admin/migrate.ts';
import type { PostgresServerStoreConfig } from './config.ts';
import { StoreUnavailableError } from './errors.ts';
import { connectionOf } from './server/connection.ts';
import { checkServer, unsafeSettings } from './server/server-checks.ts';
import { ServerClient } from './server/server-client.ts';
import { type Opened, SqlWriteStore } from './sql-write-store.ts';
import { Writer } from './write/writer.ts';

/**
 * The write store on a PostgreSQL server (15 or later), which any number of processes share. What
 * `apply` resolved is as durable as the server's commits, so the group's committed position is
 * where to go on: there is no `nextPositions`.
 */
export function createPostgresServerStore(config: PostgresServerStoreConfig): WriteStore {
  return new PostgresServerStore(config);
}

interface ServerParts extends Opened {
  client: ServerClient;
  reader: ServerClient;
  maintenance: ServerClient;
  /** Ends statements of `reader` and `maintenance` that are not waited for any more. */
  canceller: ServerClient;
  unsafe: string[];
}

class PostgresServerStore extends SqlWriteStore {
  readonly capabilities: StoreCapabilities = { inspect: () => this.#inspect() };
  readonly #config: PostgresServerStoreConfig;
  readonly #now: () => number;
  #open: ServerParts | undefined;

  constructor(config: PostgresServerStoreConfig) {
    super();
    this.#config = config;
    this.#now = config.now ?? Date.now;
  }

  /** Rejects when the server does not answer, or with a `ServerUnsuitableError`. */
  async start(): Promise<void> {
    if (this.#open) return;
    const parts = await this.#connect();
    try {
      await this.#prepare(parts);
      this.#open = parts;
    } catch (error) {
      await close(parts);
      throw error;
    }
  }

  async stop(): Promise<void> {
    const open = this.#open;
    this.#open = undefined;
    if (open) await close(open);
  }

  health(): { ok: boolean; detail: string } {
    if (!this.#open) return { ok: false, detail: 'not started' };
    const { client, unsafe } = this.#open;
    const { ok, detail } = client.health();
    return { ok, detail: unsafe.length ? `${detail}; off: ${unsafe.join(', ')}` : detail };
  }

  async #inspect(): Promise<SafetyFinding[]> {
    const settings = this.#open?.unsafe ?? [];
    return settings.map((setting) => ({
      name: 'fsync',
      key: `${setting} (PostgreSQL)`,
      wanted: 'on',
      got: 'off',
    }));
  }

  protected async opened(): Promise<Opened> {
    if (!this.#open) throw new StoreUnavailableError('the store is not started');
    return this.#open;
  }

  async #connect(): Promise<ServerParts> {
    const { schema, connectTimeoutMs, lockTimeoutMs, report, ...config } = this.#config;
    const common = {
      connection: await connectionOf(this.#config),
      schema,
      connectTimeoutMs,
      lockTimeoutMs,
      statementTimeoutMs: config.statementTimeoutMs,
    };
    const client = new ServerClient({ ...common, connectionsMax: config.poolMax, report });
    const { retentionMs } = config;
    const canceller = new ServerClient({ ...common, connectionsMax: 1 });
    const cancel = async (sessionId: number) => {
      await canceller.query('SELECT pg_cancel_backend($1::integer)', [sessionId]);
    };
    return {
      client,
      canceller,
      reader: new ServerClient({ ...common, connectionsMax: config.readPoolMax, cancel }),
      maintenance: new ServerClient({
        ...common,
        cancel,
        connectionsMax: 1,
        statementTimeoutMs: config.maintenanceTimeoutMs,
      }),
      writer: new Writer(client, { retentionMs, now: this.#now, keepsPositions: false }),
      unsafe: [],
    };
  }

  async #prepare(parts: ServerParts): Promise<void> {
    await checkServer(parts.maintenance);
    parts.unsafe = await unsafeSettings(parts.maintenance);
    await migrate(parts.maintenance);
    await parts.writer.makeAhead();
  }
}

async function close({ client, reader, maintenance, canceller }: ServerParts): Promise<void> {
  await Promise.all([client.close(), reader.close(), maintenance.close()]);
  await canceller.close();
}
