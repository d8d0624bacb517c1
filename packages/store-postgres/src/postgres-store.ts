import type { Position, TopicPartition } from '@spillway/broker';
import type { WriteStore } from '@spillway/store';
import type { Client } from './client.ts';
import type { PostgresStoreConfig } from './config.ts';
import { StoreUnavailableError } from './errors.ts';
import { Folder } from './folder.ts';
import { openEmbedded, reopenEmbedded } from './open-embedded.ts';
import { type Opened, SqlWriteStore } from './sql-write-store.ts';
import { Writer } from './writer.ts';

/**
 * The write store on an embedded PostgreSQL. What `apply` resolved survives kill -9 of the
 * process; after a crash of the machine the store starts empty, says so, and `nextPositions`
 * names no partition, so that the log fills it again.
 */
export function createPostgresStore(config: PostgresStoreConfig): WriteStore {
  return new PostgresStore(config);
}

class PostgresStore extends SqlWriteStore {
  readonly #config: PostgresStoreConfig;
  readonly #now: () => number;
  readonly #folder: Folder;
  #open: Opened | undefined;
  #reopening: Promise<Opened> | undefined;

  constructor(config: PostgresStoreConfig) {
    super();
    this.#config = config;
    this.#now = config.now ?? Date.now;
    this.#folder = new Folder(config.dir, this.#now);
  }

  async start(): Promise<void> {
    if (this.#open) return;
    this.#open = this.#on(await openEmbedded(this.#folder, this.#config.report));
    await this.#open.writer.makeAhead();
  }

  async stop(): Promise<void> {
    await this.#reopening?.catch(() => undefined);
    const open = this.#open;
    if (!open) return;
    this.#open = undefined;
    const { ok } = open.client.health();
    await open.client.close();
    if (ok) await this.#folder.markClosed();
  }

  health(): { ok: boolean; detail: string } {
    return this.#open?.client.health() ?? { ok: false, detail: 'not started' };
  }

  /** Partitions of which nothing was applied are left out: they begin where the log begins. */
  async nextPositions(partitions: readonly TopicPartition[]): Promise<Position[]> {
    const { client } = await this.opened();
    const { rows } = await client.query(
      'SELECT topic, partition, next_position FROM consumer_position',
    );
    const known = new Map(rows.map(([topic, partition, next]) => [`${topic}/${partition}`, next]));
    return partitions.flatMap(({ topic, partition }) => {
      const next = known.get(`${topic}/${partition}`);
      return next ? [{ topic, partition, position: Number(next) }] : [];
    });
  }

  /** A database that died is opened anew; what it had committed is there. */
  protected async opened(): Promise<Opened> {
    if (!this.#open) throw new StoreUnavailableError('the store is not started');
    const { client } = this.#open;
    if (client.health().ok) return this.#open;
    this.#reopening ??= this.#reopen(client).finally(() => {
      this.#reopening = undefined;
    });
    return await this.#reopening;
  }

  async #reopen(dead: Client): Promise<Opened> {
    const reason = dead.health().detail;
    this.#config.report?.({ type: 'store-reopening', reason });
    await dead.close();
    this.#open = this.#on(await reopenEmbedded(this.#folder));
    return this.#open;
  }

  #on(client: Client): Opened {
    const { retentionMs } = this.#config;
    const writer = new Writer(client, { retentionMs, now: this.#now, keepsPositions: true });
    return { client, reader: client, maintenance: client, writer };
  }
}
