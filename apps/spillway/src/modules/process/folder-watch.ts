import { DiskWatch } from '../../folder/disk-watch.ts';
import { SetAside, type WatchedStore } from '../../folder/set-aside.ts';
import {
  defineModule,
  type FolderStore,
  type Gather,
  type ModuleContext,
} from '../../registry/module.ts';
import { brokerModule, hasOwnLog } from '../servers/broker.ts';
import { dataFolderModule } from './data-folder.ts';
import { topicsModule } from './topics.ts';

const hourMs = 3_600_000;

const folderStores: Gather<(context: ModuleContext) => WatchedStore> = {
  gather: ({ folderStore }) =>
    folderStore && ((made) => (context) => watched(folderStore, made, context)),
};

/**
 * Watches, in the owner of the data folder, whether it can be written and what was set aside in it.
 */
export const folderWatchModule = defineModule({
  name: 'folder-watch',
  needs: { folder: dataFolderModule, broker: brokerModule, topics: topicsModule },
  uses: { folderStores },
  joins: ({ ownsFolder }) => ownsFolder,
  create: ({ config }, { folder }) =>
    new DiskWatch({ dir: hasOwnLog(config) ? folder.path('log') : folder.dir }),
  components: (disk, context, { folder, broker, folderStores: all }) => {
    const { report } = context;
    const stores = all.map((watch) => watch(context));
    return [disk, new SetAside({ dataDir: folder.dir, broker, stores, report })];
  },
});

function watched(
  { folder, title, groups, retentionHours, of }: FolderStore<unknown>,
  made: unknown,
  { config, registry }: ModuleContext,
): WatchedStore {
  const read = registry.groups().filter(({ group }) => groups.includes(group));
  const topics = new Set(read.flatMap((each) => each.topics));
  const retentionMs = retentionHours(config) * hourMs;
  return { folder, title, groups, topics, retentionMs, sink: of(made) };
}
