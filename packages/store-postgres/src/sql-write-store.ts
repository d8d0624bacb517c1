import type { Position } from '@spillway/broker';
import type { Abortable, LedgerNote, MessageRange, MinuteRange } from '@spillway/ledger';
import type { DecodedMessage, StoreCapabilities, StoredMessage, WriteStore } from '@spillway/store';
import { retain } from './admin/retention.ts';
import type { Client, Queryable } from './client.ts';
import { countRows, readApplied } from './ledger/ledger.ts';
import {
  countNoted,
  readKeptNotes,
  readNoted,
  readRefused,
  readSpills,
} from './ledger/ledger-notes.ts';
import { writeNotes } from './ledger/ledger-writer.ts';
import { readBack, readMark } from './reader.ts';
import type { Writer } from './write/writer.ts';

/** What an open store works with; embedded, all three are one connection. */
export interface Opened {
  writer: Writer;
  /** Where `writer` writes. */
  client: Client;
  reader: Client;
  /** For what takes long: a retention must hold up neither writes nor reads. */
  maintenance: Client;
}

/** All that is the same SQL on every PostgreSQL. Opening and closing it is not. */
export abstract class SqlWriteStore implements WriteStore {
  readonly name = 'postgres';
  abstract readonly capabilities: StoreCapabilities;

  abstract start(): Promise<void>;
  abstract stop(): Promise<void>;
  abstract health(): { ok: boolean; detail: string };
  /** Rejects with a `StoreUnavailableError` when the store is not started. */
  protected abstract opened(): Promise<Opened>;

  async apply(messages: readonly DecodedMessage[]) {
    return await (await this.opened()).writer.apply(messages);
  }

  async applyNotes(notes: readonly LedgerNote[], next?: Position): Promise<void> {
    if (notes.length === 0 && !next) return;
    const { client, writer } = await this.opened();
    await writeNotes(client, notes, { tenants: writer.tenants, next });
  }

  async notedMessages(range: MessageRange) {
    return await readNoted(await this.#reader(range), range);
  }

  async notedCounts(range: MinuteRange) {
    return await countNoted(await this.#reader(range), range);
  }

  async keptNotes(asked: Abortable = {}) {
    return await readKeptNotes(await this.#reader(asked));
  }

  async notedSpills(asked: Abortable = {}) {
    return await readSpills(await this.#reader(asked));
  }

  async refusedCounts(range: MinuteRange) {
    return await readRefused(await this.#reader(range), range);
  }

  async appliedMessages(range: MessageRange) {
    return await readApplied(await this.#reader(range), range);
  }

  async rowCounts(range: MinuteRange) {
    return await countRows(await this.#reader(range), range);
  }

  async appliedMark(): Promise<string> {
    return await readMark((await this.opened()).client);
  }

  async *readBack(range: Parameters<WriteStore['readBack']>[0]): AsyncGenerator<StoredMessage> {
    yield* readBack(await this.#reader(range), range);
  }

  async retain(olderThanMs: number): Promise<number> {
    const { maintenance, writer } = await this.opened();
    try {
      return await retain(maintenance, olderThanMs);
    } finally {
      writer.forget();
      await writer.makeAhead();
    }
  }

  async #reader({ ending }: Abortable): Promise<Queryable> {
    return (await this.opened()).reader.endingWith(ending);
  }
}
