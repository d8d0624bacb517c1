import type { Position, TopicPartition } from '@spillway/broker';
import type { Signal } from '@spillway/otlp';
import type {
  DecodedMessage,
  LedgerNote,
  MinuteRange,
  StoredMessage,
  WriteStore,
} from '@spillway/store';
import type { Client } from './client.ts';
import type { PostgresStoreConfig } from './config.ts';
import { dayMs, dayOf } from './days.ts';
import { StoreUnavailableError } from './errors.ts';
import { Folder } from './folder.ts';
import { countRows, readApplied, readNoted, readRefused, writeNotes } from './ledger.ts';
import { keepPositions } from './messages.ts';
import { openEmbedded, reopenEmbedded } from './open-embedded.ts';
import { readBack } from './reader.ts';
import { retain } from './retention.ts';
import { Writer } from './writer.ts';

/**
 * The write store on an embedded PostgreSQL. What `apply` resolved survives kill -9 of the
 * process; after a crash of the machine the store starts empty, says so, and `nextPositions`
 * names no partition, so that the log fills it again.
 */
export function createPostgresStore(config: PostgresStoreConfig): WriteStore {
  return new PostgresStore(config);
}

interface Opened {
  client: Client;
  writer: Writer;
}

class PostgresStore implements WriteStore {
  readonly name = 'postgres';
  readonly #config: PostgresStoreConfig;
  readonly #folder: Folder;
  #open: Opened | undefined;
  #reopening: Promise<Opened> | undefined;

  constructor(config: PostgresStoreConfig) {
    this.#config = config;
    this.#folder = new Folder(config.dir, config.now);
  }

  async start(): Promise<void> {
    if (this.#open) return;
    const client = await openEmbedded(this.#folder, this.#config.report);
    const writer = new Writer(client, this.#config.retentionMs);
    this.#open = { client, writer };
    const now = (this.#config.now ?? Date.now)();
    await writer.partitions.ensure([dayOf(now), dayOf(now + dayMs)]);
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

  async apply(messages: readonly DecodedMessage[]) {
    return await (await this.#opened()).writer.apply(messages);
  }

  /** Partitions of which nothing was applied are left out: they begin where the log begins. */
  async nextPositions(partitions: readonly TopicPartition[]): Promise<Position[]> {
    const { client } = await this.#opened();
    const { rows } = await client.query(
      'SELECT topic, partition, next_position FROM consumer_position',
    );
    const known = new Map(rows.map(([topic, partition, next]) => [`${topic}/${partition}`, next]));
    return partitions.flatMap(({ topic, partition }) => {
      const next = known.get(`${topic}/${partition}`);
      return next ? [{ topic, partition, position: Number(next) }] : [];
    });
  }

  async applyNotes(notes: readonly LedgerNote[], next?: Position): Promise<void> {
    if (notes.length === 0 && !next) return;
    const { client, writer } = await this.#opened();
    const tenants = await client.transaction(async (tx) => {
      if (next) await keepPositions(tx, [next]);
      return notes.length > 0 ? await writeNotes(tx, notes, writer.tenants) : new Map();
    });
    writer.tenants.remember(tenants);
  }

  async notedMessages(range: MinuteRange) {
    return await readNoted((await this.#opened()).client, range);
  }

  async refusedCounts(range: MinuteRange) {
    return await readRefused((await this.#opened()).client, range);
  }

  async appliedMessages(range: MinuteRange) {
    return await readApplied((await this.#opened()).client, range);
  }

  async rowCounts(range: MinuteRange) {
    return await countRows((await this.#opened()).client, range);
  }

  async *readBack(range: MinuteRange & { signal: Signal }): AsyncGenerator<StoredMessage> {
    yield* readBack((await this.#opened()).client, range);
  }

  async retain(olderThanMs: number): Promise<number> {
    const { client, writer } = await this.#opened();
    try {
      return await retain(client, olderThanMs);
    } finally {
      writer.forget();
    }
  }

  /** A database that died is opened anew; what it had committed is there. */
  async #opened(): Promise<Opened> {
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
    const client = await reopenEmbedded(this.#folder);
    this.#open = { client, writer: new Writer(client, this.#config.retentionMs) };
    return this.#open;
  }
}
