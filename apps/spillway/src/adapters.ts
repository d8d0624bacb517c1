/** The one place that names adapters, beside `main.ts`. */
import { createEmbeddedBroker } from '@spillway/broker-embedded';
import { createDuckdbSearchStore, createMemoryLiveStore } from '@spillway/store-embedded';
import { createPostgresStore } from '@spillway/store-postgres';
import type { Adapters } from './parts.ts';

const hourMs = 3_600_000;
const mebibyte = 1_048_576;

export const embedded: Adapters = {
  broker: ({ config, folder, report }) => {
    const { retentionHours, ...limits } = config.broker.embedded;
    return createEmbeddedBroker({
      ...limits,
      dir: folder.path('log'),
      retentionMs: retentionHours * hourMs,
      report,
    });
  },
  writeStore: ({ config, folder, report }) =>
    createPostgresStore({
      dir: folder.path('postgres'),
      retentionMs: config.writer.retentionHours * hourMs,
      report,
    }),
  searchStore: ({ config, folder, report }, folderName) =>
    createDuckdbSearchStore({
      dir: folder.path(folderName),
      memoryLimitMb: Math.floor(config.store.search.memoryBytesMax / mebibyte),
      report,
    }),
  liveStore: ({ config }) =>
    createMemoryLiveStore({ windowMs: config.store.live.windowMinutes * 60_000 }),
};
