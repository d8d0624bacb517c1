/** A consumer group that the product does not have: it is declared here, and nowhere else. */
import { topicOf } from '@spillway/broker';
import { Consumer, defaultLimits } from '@spillway/consumer';
import type { AppliedMessage, LedgerSide, MinuteRange, RowCount, SinkSpec } from '@spillway/ledger';
import { type DecodedMessage, type MessageOutcome, type Sink, stored } from '@spillway/store';
import {
  consumerComponents,
  consumerNeeds,
  consumerUses,
} from '../../src/modules/roles/consumer.ts';
import { asComponent } from '../../src/process/components.ts';
import { Restartable } from '../../src/process/restartable.ts';
import { defineModule } from '../../src/registry/module.ts';

export const archiveSink: SinkSpec = {
  name: 'archive',
  group: 'archiver',
  title: 'archive',
  side: 'read',
};

/** Keeps what it is given in memory, with an account; `lose` takes a record away. */
export class Archive implements Sink, LedgerSide {
  readonly name = 'archive';
  readonly capabilities = {};
  readonly #applied: AppliedMessage[] = [];
  readonly #rows: RowCount[] = [];

  async start(): Promise<void> {}
  async stop(): Promise<void> {}
  health() {
    return { ok: true, detail: 'in memory' };
  }

  async apply(messages: readonly DecodedMessage[]): Promise<MessageOutcome[]> {
    return messages.map(({ envelope, signal, position, records }) => {
      const { id, tenant, receivedMs, foreign } = envelope;
      const of = { tenant, signal, minute: Math.floor(receivedMs / 60_000) };
      const counts = { stored: records.length, duplicates: 0, deadLettered: 0 };
      this.#applied.push({ id, ...of, position, records: records.length, ...counts, foreign });
      this.#rows.push({ ...of, rows: records.length, retired: 0 });
      return { records: records.map(() => stored) };
    });
  }

  lose(): void {
    this.#rows.pop();
  }

  async appliedMessages(range: MinuteRange): Promise<AppliedMessage[]> {
    return this.#applied.filter(({ minute }) => isIn(range, minute));
  }

  async rowCounts(range: MinuteRange): Promise<RowCount[]> {
    return this.#rows.filter(({ minute }) => isIn(range, minute));
  }
}

function isIn({ fromMinute, toMinute }: MinuteRange, minute: number): boolean {
  return minute >= fromMinute && minute < toMinute;
}

export const archiveStoreModule = defineModule({
  name: 'archive-store',
  create: () => new Archive(),
  components: (archive) => [asComponent(archiveSink.title, archive)],
  account: { sink: archiveSink, of: (archive: Archive) => archive },
});

export const archiverModule = defineModule({
  name: 'archiver',
  role: { name: 'archiver', worksOnDataFolder: false },
  needs: { ...consumerNeeds, archive: archiveStoreModule },
  uses: consumerUses,
  consumer: {
    sink: archiveSink,
    groups: [{ group: archiveSink.group, topics: Object.values(topicOf) }],
    of: (made: Restartable) => made,
  },
  create: ({ report }, { broker, archive, fleet: dependencies, crashRecord }) =>
    new Restartable(archiveSink.group, () => {
      const consumer = new Consumer({
        group: archiveSink.group,
        broker,
        sink: archive,
        limits: defaultLimits,
        dependency: 'archive',
        dependencies,
        crashRecord,
        report,
      });
      return { consumer, components: [consumer] };
    }),
  components: (consumer, _context, { broker, spill }) =>
    consumerComponents(consumer, { broker, spill }),
});
