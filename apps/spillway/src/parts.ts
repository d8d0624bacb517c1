import { type Broker, LagBoard } from '@spillway/broker';
import { deadLetterIndexBytesMax } from '@spillway/console';
import { type Consumer, DeadLetters } from '@spillway/consumer';
import type { NotedSpill } from '@spillway/ledger';
import type { Quotas } from '@spillway/resilience';
import type { Component } from '@spillway/runtime';
import type { LiveStore, SearchStore, WriteStore } from '@spillway/store';
import type { SpillwayConfig } from './config.ts';
import { DataFolder, searchFolder } from './folder/data-folder.ts';
import { SpillFolder } from './folder/spill-folder.ts';
import type { Report } from './process/event-log.ts';
import { type Fleet, type FleetMember, NoFleet, processName } from './process/fleet.ts';
import { Swappable } from './rebuild/swappable.ts';
import { groupTopics } from './topics.ts';

export interface AdapterContext {
  config: SpillwayConfig;
  folder: DataFolder;
  /** Not open yet. */
  spillFolder: SpillFolder;
  report: Report;
}

/** How the parts are made. */
export interface Adapters {
  broker(context: AdapterContext): Promise<Broker>;
  writeStore(context: AdapterContext): Promise<WriteStore>;
  /**
   * Where the store is embedded, `folderName` counts, and `beside`: the one in use, with which one
   * that is filled shares its memory.
   */
  searchStore(
    context: AdapterContext,
    folderName: string,
    beside?: SearchStore,
  ): Promise<SearchStore>;
  liveStore(context: AdapterContext): Promise<LiveStore>;
  fleet(context: AdapterContext, self: FleetMember): Promise<Fleet>;
  /** Undefined: each gateway for itself. */
  quotas(context: AdapterContext): Promise<SharedQuotas | undefined>;
}

export type SharedQuotas = Quotas & Omit<Component, 'name'>;

/** What the commands work on, in a running process or made for one command. */
export interface Parts {
  config: SpillwayConfig;
  folder: DataFolder;
  /** Opened by a process that has a gateway. */
  spillFolder: SpillFolder;
  broker: Broker;
  lagBoard: LagBoard;
  writeStore: WriteStore;
  search: Swappable<SearchStore>;
  live: LiveStore;
  quotas: SharedQuotas | undefined;
  /** An embedded search store beside the one in use, for a rebuild. */
  createSearchStore: (folderName: string, beside?: SearchStore) => Promise<SearchStore>;
  deadLetters: DeadLetters;
  /** What the spills of this process hold at this moment; undefined where it has no gateway. */
  liveSpills?: () => readonly NotedSpill[];
  /** What this process and the fleet think of the broker and the stores. */
  dependencies: Fleet;
  /** Undefined where nothing is consumed: the parts were only made for a command. */
  pipeline?: Pipeline;
}

export interface Pipeline {
  /** Finds a consumer by its group: `writer`, `search`, `live`. */
  consumer(group: string): Consumer | undefined;
  /** Stops the group's consumer, runs, and starts a new one, also when `run` fails. */
  without(group: string, run: () => Promise<void>): Promise<void>;
}

/** Made, not started. Without `self` for a command, which meets no other process. */
export async function createParts(
  config: SpillwayConfig,
  adapters: Adapters,
  report: Report,
  self?: FleetMember,
): Promise<Parts> {
  const folder = new DataFolder(config.data.dir);
  const spillFolder = new SpillFolder();
  const context = { config, folder, spillFolder, report };
  const broker = await adapters.broker(context);
  const createSearchStore = (folderName: string, beside?: SearchStore) =>
    adapters.searchStore(context, folderName, beside);
  return {
    config,
    folder,
    spillFolder,
    broker,
    lagBoard: new LagBoard({ broker, groups: groupTopics() }),
    writeStore: await adapters.writeStore(context),
    search: new Swappable(await createSearchStore(searchFolder)),
    live: await adapters.liveStore(context),
    quotas: self ? await adapters.quotas(context) : undefined,
    createSearchStore,
    deadLetters: new DeadLetters(broker, deadLetterIndexBytesMax(config.console)),
    dependencies: self
      ? await adapters.fleet(context, self)
      : new NoFleet({ name: processName(config, []), describe: () => ({}) }),
  };
}
