import { searchSink } from '@spillway/projector';
import type { BudgetLine } from '@spillway/runtime';
import type { SearchStore } from '@spillway/store';
import type { DuckdbSearchStore } from '@spillway/store-duckdb';
import { duckdbBudget } from '@spillway/store-duckdb/budget';
import { elasticsearchBudget } from '@spillway/store-elasticsearch/budget';
import { elasticsearchSection } from '@spillway/store-elasticsearch/config';
import { z } from 'zod';
import type { SpillwayConfig } from '../../config.ts';
import type { DataFolder } from '../../folder/data-folder.ts';
import { asComponent } from '../../process/components.ts';
import { type CreateSearchStore, SearchSlot } from '../../rebuild/search-slot.ts';
import { defineModule, type ModuleContext } from '../../registry/module.ts';
import { dataFolderModule } from '../process/data-folder.ts';

const hourMs = 3_600_000;
const mebibyte = 1_048_576;

export const searchStoreSection = z
  .object({
    kind: z
      .enum(['embedded', 'elasticsearch'])
      .default('embedded')
      .describe('What is searched: DuckDB in the data folder, or Elasticsearch.'),
    elasticsearch: elasticsearchSection,
    memoryBytesMax: z
      .number()
      .int()
      .min(24 * mebibyte)
      .default(128 * mebibyte)
      .describe('Bytes of memory that the embedded search store may use.'),
  })
  .prefault({});

type Section = SpillwayConfig['store']['search'];

interface Kind {
  creator(context: ModuleContext, folder: DataFolder): CreateSearchStore;
  budget(section: Section, isFilled: boolean): BudgetLine[];
  files: number;
  isEmbedded: boolean;
}

const kinds: Readonly<Record<Section['kind'], Kind>> = {
  embedded: {
    isEmbedded: true,
    creator:
      ({ config, report }, folder) =>
      async (folderName, beside): Promise<SearchStore> => {
        const { createDuckdbSearchStore } = await import('@spillway/store-duckdb');
        const memoryLimitMb = Math.floor(config.store.search.memoryBytesMax / mebibyte);
        const own = beside as DuckdbSearchStore | undefined;
        const dir = folder.path(folderName);
        return createDuckdbSearchStore({ dir, memoryLimitMb, beside: own, report });
      },
    budget: ({ memoryBytesMax }) => duckdbBudget(memoryBytesMax),
    files: 8,
  },
  elasticsearch: {
    isEmbedded: false,
    creator:
      ({ config, report }) =>
      async () => {
        const { createElasticsearchStore } = await import('@spillway/store-elasticsearch');
        const retentionMs = config.projector.searchRetentionHours * hourMs;
        const { elasticsearch } = config.store.search;
        return createElasticsearchStore({ ...elasticsearch, retentionMs, report });
      },
    budget: ({ elasticsearch }, isFilled) => elasticsearchBudget({ ...elasticsearch, isFilled }),
    files: 0,
  },
};

/** Keeps what is searched; another store can be put in its place while it is in use. */
export const searchStoreModule = defineModule({
  name: 'search-store',
  needs: { folder: dataFolderModule },
  create: (context, { folder }) =>
    SearchSlot.create(kinds[context.config.store.search.kind].creator(context, folder)),
  components: ({ store }) => [asComponent(searchSink.title, store)],
  account: { sink: searchSink, of: ({ store }) => store },
  inspect: async ({ store }) => (await store.capabilities.inspect?.()) ?? [],
  placement: ({ store }) => {
    const { isEmbedded } = kinds[store.search.kind];
    return { key: 'store.search.kind', isEmbedded, servers: 'elasticsearch' };
  },
  folderStore: {
    folder: SearchSlot.folderName,
    title: searchSink.title,
    groups: [searchSink.group],
    retentionHours: ({ projector }) => projector.searchRetentionHours,
    of: ({ store }) => store,
  },
  files: ({ store }) => kinds[store.search.kind].files,
  budget: ({ store: { search } }, target) =>
    kinds[search.kind].budget(search, target.fills(searchSink)),
  least: { 'store.search.memoryBytesMax': 24 * mebibyte },
});
