import type { BudgetLine } from '@spillway/runtime';
import type { WriteStore } from '@spillway/store';
import { embeddedPostgresBudget, postgresBudget } from '@spillway/store-postgres/budget';
import { postgresSection } from '@spillway/store-postgres/config';
import { noteGroup, writerSink } from '@spillway/writer';
import { z } from 'zod';
import type { SpillwayConfig } from '../../config.ts';
import type { DataFolder } from '../../folder/data-folder.ts';
import { optimisingBudget, type Runtime } from '../../memory/program-budget.ts';
import { asComponent } from '../../process/components.ts';
import { defineModule, type ModuleContext } from '../../registry/module.ts';
import { dataFolderModule } from '../process/data-folder.ts';

const hourMs = 3_600_000;

export const writeStoreSection = z
  .object({
    kind: z
      .enum(['embedded', 'postgres'])
      .default('embedded')
      .describe('Where rows are kept: PGlite in the data folder, or a PostgreSQL server.'),
    postgres: postgresSection,
  })
  .prefault({});

interface Kind {
  create(context: ModuleContext, folder: DataFolder): Promise<WriteStore>;
  budget(runtime: Runtime): BudgetLine[];
  files: number;
  isEmbedded: boolean;
}

const folderName = 'postgres';

const kinds: Readonly<Record<SpillwayConfig['store']['write']['kind'], Kind>> = {
  embedded: {
    isEmbedded: true,
    create: async ({ config, report }, folder) => {
      const { createPostgresStore } = await import('@spillway/store-postgres');
      const dir = folder.path(folderName);
      return createPostgresStore({ dir, retentionMs: retentionMs(config), report });
    },
    budget: (runtime) => [...embeddedPostgresBudget(), ...optimisingBudget(runtime)],
    // `max_files_per_process` of the embedded database, and a segment of its WAL.
    files: 68,
  },
  postgres: {
    isEmbedded: false,
    create: async ({ config, report }) => {
      const { createPostgresServerStore } = await import('@spillway/store-postgres');
      const { postgres } = config.store.write;
      return createPostgresServerStore({ ...postgres, retentionMs: retentionMs(config), report });
    },
    budget: () => postgresBudget(),
    files: 0,
  },
};

function retentionMs({ writer }: SpillwayConfig): number {
  return writer.retentionHours * hourMs;
}

/** Keeps every record, with the ledger of what was accepted. */
export const writeStoreModule = defineModule({
  name: 'write-store',
  needs: { folder: dataFolderModule },
  create: (context, { folder }) => kinds[context.config.store.write.kind].create(context, folder),
  components: (store) => [asComponent(writerSink.title, store)],
  account: { sink: writerSink, of: (store) => store },
  inspect: async (store) => (await store.capabilities.inspect?.()) ?? [],
  placement: ({ store }) => {
    const { isEmbedded } = kinds[store.write.kind];
    return { key: 'store.write.kind', isEmbedded, servers: 'postgres' };
  },
  folderStore: {
    folder: folderName,
    title: writerSink.title,
    // It keeps what the gateways noted, too.
    groups: [writerSink.group, noteGroup],
    retentionHours: ({ writer }) => writer.retentionHours,
    of: (store) => store,
  },
  files: ({ store }) => kinds[store.write.kind].files,
  budget: ({ store }, _target, runtime) => kinds[store.write.kind].budget(runtime),
});
