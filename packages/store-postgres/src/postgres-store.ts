import type { Position, TopicPartition } from '@spillway/broker';
import type { StoreCapabilities, WriteStore } from '@spillway/store';
import type { Client } from './client.ts';
import type { PostgresStoreConfig } from './config.ts';
import { StoreUnavailableError } from './errors.ts';
import type { EmbeddedClient } from './pglite/embedded-client.ts';
import { Folder } from './pglite/folder.ts';
import { openEmbedded, reopenEmbedded } from './pglite/open-embedded.ts';
import { type Opened, SqlWriteStore } from './sql-write-store.ts';
import { Writer } from './write/writer.ts';

/**
 * The write store on an embedded PostgreSQL. What `apply` resolved survives kill -9 of the
 * process; after a crash of the machine the store starts empty, says so, and `nextPositions`
 * names no partition, so that the log fills it again.
 */
export function createPostgresStore(config: PostgresStoreConfig): WriteStore {
  return new PostgresStore(config);
}

class PostgresStore extends SqlWriteStore {
  readonly capabilities: StoreCapabilities = {
    nextPositions: (partitions) => this.#nextPositions(partitions),
  };
  readonly #config: PostgresStoreConfig;
  readonly #now: () => number;
  readonly #folder: Folder;
  #open: Opened | undefined;
  #client: EmbeddedClient | undefined;
  #damage: string | undefined;
  #reopening: Promise<Opened> | undefined;

  constructor(config: PostgresStoreConfig) {
    super();
    this.#config = config;
    this.#now = config.now ?? Date.now;
    this.#folder = new Folder(config.dir, this.#now);
  }

  async start(): Promise<void> {
    if (this.#open) return;
    this.#damage = undefined;
    this.#open = this.#on(await openEmbedded(this.#folder, this.#config.report));
    await this.#open.writer.makeAhead();
  }

  async stop(): Promise<void> {
    await this.#reopening?.catch(() => undefined);
    const open = this.#open;
    if (!open) return;
    this.#open = undefined;
    await this.#heedDamage();
    const { ok } = open.client.health();
    await open.client.close();
    if (ok) await this.#folder.markClosed();
  }

  /**
   * Damage is found by whoever meets it, and stays: it is reported until the store is opened again.
   */
  health(): { ok: boolean; detail: string } {
    void this.#heedDamage();
    if (this.#damage !== undefined) return { ok: false, detail: this.#damage };
    return this.#open?.client.health() ?? { ok: false, detail: 'not started' };
  }

  /** Partitions of which nothing was applied are left out: they begin where the log begins. */
  async #nextPositions(partitions: readonly TopicPartition[]): Promise<Position[]> {
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

  /** A database that died is opened again; what it had committed is there. */
  protected async opened(): Promise<Opened> {
    if (!this.#open) throw new StoreUnavailableError('the store is not started');
    await this.#heedDamage();
    // Nothing more is applied, so that the log keeps what the next start fills another one with.
    if (this.#damage !== undefined) throw new StoreUnavailableError(this.#damage);
    const { client } = this.#open;
    if (client.health().ok) return this.#open;
    this.#reopening ??= this.#reopen(client).finally(() => {
      this.#reopening = undefined;
    });
    return await this.#reopening;
  }

  async #heedDamage(): Promise<void> {
    const found = this.#client?.damage;
    if (found === undefined || this.#damage !== undefined) return;
    this.#damage =
      `the write store in ${this.#config.dir} is damaged (${found}): restart Spillway, ` +
      'which sets it aside and fills another one from the log';
    this.#config.report?.({ type: 'store-damaged', path: this.#config.dir, reason: found });
    // A full disk may not take the note; the next start then finds the damage by itself.
    await this.#folder.markDamaged(found).catch(() => undefined);
  }

  async #reopen(dead: Client): Promise<Opened> {
    const reason = dead.health().detail;
    this.#config.report?.({ type: 'store-reopening', reason });
    await dead.close();
    this.#open = this.#on(await reopenEmbedded(this.#folder));
    return this.#open;
  }

  #on(client: EmbeddedClient): Opened {
    this.#client = client;
    const { retentionMs } = this.#config;
    const writer = new Writer(client, { retentionMs, now: this.#now, keepsPositions: true });
    return { client, reader: client, maintenance: client, writer };
  }
}
