import type { Client } from '@elastic/elasticsearch';
import type { RowCount } from '@spillway/ledger';
import {
  BegunMessages,
  type DecodedMessage,
  type MessageOutcome,
  type RecordOutcome,
  type SearchStats,
} from '@spillway/store';
import { retentionDefaultMs } from '@spillway/store/search';
import type { Generations } from '../admin/generations.ts';
import { unavailable } from '../errors.ts';
import type { IndexNames } from '../names.ts';
import type { ElasticsearchStoreOptions } from '../options.ts';
import { retiredLine } from './account.ts';
import { applyMessages } from './apply.ts';
import { type BulkOptions, sendBulk } from './bulk.ts';

export interface WriterOptions {
  client: Client;
  names: IndexNames;
  bulk: BulkOptions;
  generations: Generations;
  options: ElasticsearchStoreOptions;
}

export class Writer {
  readonly #options: WriterOptions;
  readonly #stats: SearchStats = { stored: 0, duplicates: 0, deadLettered: 0, retried: 0 };
  /** Messages that were begun, by generation. */
  readonly #begun = new Map<number, BegunMessages>();
  #order = 0;

  constructor(options: WriterOptions) {
    this.#options = options;
  }

  stats(): SearchStats {
    return { ...this.#stats };
  }

  /**
   * To the generation in use and to the one being built. What was known at the begin may have
   * changed by the end, so the answer waits until it holds for what is known then.
   */
  async apply(messages: readonly DecodedMessage[]): Promise<MessageOutcome[]> {
    const applied = new Map<number, MessageOutcome[]>();
    while (true) {
      const { current, building } = await this.#options.generations.state();
      for (const each of this.#begun.keys()) {
        if (each !== current && each !== building) this.#begun.delete(each);
      }
      const missing = [current, building].find((each) => each !== null && !applied.has(each));
      if (typeof missing === 'number') {
        const begun = this.#begun.get(missing) ?? new BegunMessages();
        this.#begun.set(missing, begun);
        for (const message of messages) begun.check(message);
        applied.set(missing, await this.applyTo(missing, messages));
        for (const message of messages) begun.note(message);
        continue;
      }
      const outcomes = applied.get(current) as MessageOutcome[];
      const beside = building === null ? undefined : applied.get(building);
      const both = beside ? outcomes.map((each, i) => bothOf(each, beside[i])) : outcomes;
      this.#count(both);
      return both;
    }
  }

  applyTo(generation: number, messages: readonly DecodedMessage[]): Promise<MessageOutcome[]> {
    const { client, names, bulk, options } = this.#options;
    const retentionMs = options.retentionMs ?? retentionDefaultMs;
    const nextOrder = () => this.#nextOrder();
    return applyMessages({ client, names, bulk, retentionMs, nextOrder }, generation, messages);
  }

  /** Noted again, the same counts replace themselves. */
  async addRetired(generation: number, counts: readonly RowCount[]): Promise<void> {
    const { names, bulk } = this.#options;
    const lines = counts
      .filter(({ retired }) => retired > 0)
      .map((count) => retiredLine(names, generation, 'write-store', count));
    const results = await sendBulk(bulk, lines);
    if (results.some(({ status }) => status !== 'done')) {
      throw unavailable('what was retired could not be noted');
    }
  }

  /** µs since the epoch, or one more than before. */
  #nextOrder(): number {
    const nowUs = Math.floor((this.#options.options.now ?? Date.now)() * 1_000);
    this.#order = Math.max(this.#order + 1, nowUs);
    return this.#order;
  }

  #count(outcomes: readonly MessageOutcome[]): void {
    for (const { status } of outcomes.flatMap(({ records }) => records)) {
      if (status === 'stored') this.#stats.stored++;
      else if (status === 'duplicate') this.#stats.duplicates++;
      else if (status === 'deadLetter') this.#stats.deadLettered++;
      else this.#stats.retried++;
    }
  }
}

/** Chooses the outcome of the generation in use, unless the other one wants the message again. */
function bothOf(outcome: MessageOutcome, beside: MessageOutcome | undefined): MessageOutcome {
  const records = outcome.records.map((result, i): RecordOutcome => {
    const other = beside?.records[i];
    return other?.status === 'retry' ? other : result;
  });
  return { records };
}
