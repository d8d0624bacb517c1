import type { Broker } from '@spillway/broker';
import { type Consumer, DeadLetters } from '@spillway/consumer';
import type { LiveStore, SearchStore, WriteStore } from '@spillway/store';
import type { SpillwayConfig } from './config.ts';
import { DataFolder, searchFolder } from './data-folder.ts';
import type { Report } from './event-log.ts';
import { Swappable } from './swappable.ts';

export interface AdapterContext {
  config: SpillwayConfig;
  folder: DataFolder;
  report: Report;
}

/** How the parts are made. */
export interface Adapters {
  broker(context: AdapterContext): Broker;
  writeStore(context: AdapterContext): WriteStore;
  searchStore(context: AdapterContext, folderName: string): SearchStore;
  liveStore(context: AdapterContext): LiveStore;
}

/** What the commands work on, in a running process or in an opened folder. */
export interface Parts {
  config: SpillwayConfig;
  folder: DataFolder;
  broker: Broker;
  writeStore: WriteStore;
  search: Swappable<SearchStore>;
  /** A search store beside the one in use, for a rebuild. */
  createSearchStore: (folderName: string) => SearchStore;
  deadLetters: DeadLetters;
  /** Undefined where nothing is consumed: the folder was only opened for a command. */
  pipeline?: Pipeline;
}

export interface Pipeline {
  live: LiveStore;
  /** By group: `writer`, `search`, `live`. */
  consumer(group: string): Consumer | undefined;
  /** Stops the group's consumer, runs, and starts a new one, also when `run` fails. */
  without(group: string, run: () => Promise<void>): Promise<void>;
}

/** Made, not started. */
export function createParts(config: SpillwayConfig, adapters: Adapters, report: Report): Parts {
  const folder = new DataFolder(config.data.dir);
  const context = { config, folder, report };
  const broker = adapters.broker(context);
  const createSearchStore = (folderName: string) => adapters.searchStore(context, folderName);
  return {
    config,
    folder,
    broker,
    writeStore: adapters.writeStore(context),
    search: new Swappable(createSearchStore(searchFolder)),
    createSearchStore,
    deadLetters: new DeadLetters(broker),
  };
}
