import { rename, rm } from 'node:fs/promises';
import { type Broker, partitionName } from '@spillway/broker';
import type { AppliedMessage } from '@spillway/ledger';
import { liveSink, searchSink } from '@spillway/projector';
import type { LiveStore, StoreCapabilities, WriteStore } from '@spillway/store';
import { writerSink } from '@spillway/writer';
import { OperationError } from '../cli/operation-error.ts';
import type { DataFolder } from '../folder/data-folder.ts';
import type { Restartable } from '../process/restartable.ts';
import { fill, type OnProgress, type RebuildResult } from './fill.ts';
import { rebuildShared } from './rebuild-shared.ts';
import { SearchSlot } from './search-slot.ts';

export interface RebuildContext {
  abort: AbortSignal;
  progress: (line: string) => void;
}

const nextFolder = 'search.next';
const rebuilding = new WeakSet<SearchSlot>();

interface RebuildSource {
  broker: Broker;
  writeStore: WriteStore;
  /** Those that run in this process. */
  consumers: readonly Restartable[];
}

export type SearchRebuild = RebuildSource & { folder: DataFolder; search: SearchSlot };
export type LiveRebuild = RebuildSource & { live: LiveStore };

type BeginRebuild = NonNullable<StoreCapabilities['beginRebuild']>;

/** Builds another search store from the write store, beside the one in use, and switches over. */
export async function rebuildSearch(
  parts: SearchRebuild,
  context: RebuildContext,
): Promise<RebuildResult> {
  const { search } = parts;
  const { beginRebuild } = search.current.capabilities;
  if (beginRebuild) return besideOthers(parts, beginRebuild, context);
  if (rebuilding.has(search)) throw new OperationError('the search store is being rebuilt already');
  rebuilding.add(search);
  try {
    return await rebuildFolder(parts, context);
  } finally {
    rebuilding.delete(search);
  }
}

/**
 * Live roll-ups in the memory of the process are read again from the log; those that processes
 * share are built from the write store. Either way as far back as they reach.
 */
export async function rebuildLive(
  parts: LiveRebuild,
  context: RebuildContext,
): Promise<RebuildResult | Record<string, never>> {
  const { live, consumers } = parts;
  const { beginRebuild } = live.capabilities;
  if (beginRebuild) {
    return besideOthers(parts, beginRebuild, context, Date.now() - live.windowMs);
  }
  const consumer = consumerOf(consumers, liveSink.group);
  if (!consumer) {
    const message = 'live roll-ups are in memory: nothing to rebuild without `spillway up`';
    throw new OperationError(message);
  }
  await consumer.without(() => live.reset());
  return {};
}

function besideOthers(
  { broker, writeStore: from }: RebuildSource,
  begin: BeginRebuild,
  { abort, progress }: RebuildContext,
  fromMs?: number,
): Promise<RebuildResult> {
  return rebuildShared({
    begin,
    broker,
    from,
    fromMs,
    abort,
    onWaiting: (messages) => progress(`the writer has ${messages} messages to go`),
    onProgress: progressText(progress),
  });
}

/** What the consumer applies meanwhile it reads again: the store's own positions say from where. */
async function rebuildFolder(
  parts: SearchRebuild,
  { progress }: RebuildContext,
): Promise<RebuildResult> {
  const { folder, search, consumers, broker, writeStore: from } = parts;
  await rm(folder.path(nextFolder), { recursive: true, force: true });
  const next = await search.createStore(nextFolder, search.current);
  const filled = async (): Promise<RebuildResult> => {
    await next.start();
    const takes = await settledBefore(broker);
    return await fill(next, { from, takes, onProgress: progressText(progress) });
  };
  const result = await filled().finally(() => next.stop());
  const change = () =>
    search.swap(async (old) => {
      await old.stop();
      await replaceFolder(folder);
      const store = await search.createStore(SearchSlot.folderName);
      await store.start();
      return store;
    });
  const consumer = consumerOf(consumers, searchSink.group);
  if (consumer) await consumer.without(change);
  else await change();
  return result;
}

function consumerOf(consumers: readonly Restartable[], group: string): Restartable | undefined {
  return consumers.find(({ name }) => name === group);
}

function progressText(progress: (line: string) => void): OnProgress {
  return ({ signal, records }) => progress(`${signal}: ${records} records so far`);
}

async function replaceFolder(folder: DataFolder): Promise<void> {
  const inUse = folder.path(SearchSlot.folderName);
  await rm(inUse, { recursive: true, force: true });
  await rename(folder.path(nextFolder), inUse);
}

/**
 * What the writer applies while its rows are read may belong to a minute that was read already. It
 * is left to the search store's consumer, which goes on behind the last message taken from here.
 */
async function settledBefore(broker: Broker): Promise<(applied: AppliedMessage) => boolean> {
  const lags = await broker.lag(writerSink.group);
  const ends = new Map(lags.map((lag) => [partitionName(lag), lag.committed ?? 0]));
  return ({ id, position }) => position < (ends.get(partitionName(id)) ?? 0);
}
