import { rename, rm } from 'node:fs/promises';
import { type Broker, partitionName } from '@spillway/broker';
import type { AppliedMessage } from '@spillway/ledger';
import { liveGroup, searchGroup } from '@spillway/projector';
import type { Rebuildable } from '@spillway/store';
import { writerGroup } from '@spillway/writer';
import { OperationError } from '../cli/operation-error.ts';
import { searchFolder } from '../folder/data-folder.ts';
import type { Parts } from '../parts.ts';
import { fill, type OnProgress, type RebuildResult } from './fill.ts';
import { rebuildShared } from './rebuild-shared.ts';

export interface RebuildContext {
  signal: AbortSignal;
  progress: (line: string) => void;
}

const nextFolder = 'search.next';
const rebuilding = new WeakSet<Parts>();

/** Builds the search store from the write store, beside the one in use, and switches over. */
export async function rebuildSearch(parts: Parts, context: RebuildContext): Promise<RebuildResult> {
  const shared = parts.search.current;
  if (shared.beginRebuild) return besideOthers(parts, shared, context);
  if (rebuilding.has(parts)) throw new OperationError('the search store is being rebuilt already');
  rebuilding.add(parts);
  try {
    return await rebuildFolder(parts, context);
  } finally {
    rebuilding.delete(parts);
  }
}

/**
 * Live roll-ups in the memory of the process are read again from the log; those that processes
 * share are built from the write store. Either way as far back as they reach.
 */
export async function rebuildLive(
  parts: Parts,
  context: RebuildContext,
): Promise<RebuildResult | Record<string, never>> {
  const { live, pipeline } = parts;
  if (live.beginRebuild) return besideOthers(parts, live, context, Date.now() - live.windowMs);
  if (!pipeline) {
    const message = 'live roll-ups are in memory: nothing to rebuild without `spillway up`';
    throw new OperationError(message);
  }
  await pipeline.without(liveGroup, () => live.reset());
  return {};
}

function besideOthers(
  { broker, writeStore: from }: Parts,
  store: Rebuildable,
  { signal, progress }: RebuildContext,
  fromMs?: number,
): Promise<RebuildResult> {
  return rebuildShared({
    begin: (until) => (store.beginRebuild as NonNullable<Rebuildable['beginRebuild']>)(until),
    ...{ broker, from, fromMs, signal },
    onWaiting: (messages) => progress(`the writer has ${messages} messages to go`),
    onProgress: progressText(progress),
  });
}

/** What the consumer applies meanwhile it reads again: the store's own positions say from where. */
async function rebuildFolder(parts: Parts, { progress }: RebuildContext): Promise<RebuildResult> {
  const { folder, createSearchStore, search, pipeline, broker, writeStore: from } = parts;
  await rm(folder.path(nextFolder), { recursive: true, force: true });
  const next = await createSearchStore(nextFolder, search.current);
  const filled = async (): Promise<RebuildResult> => {
    await next.start();
    const takes = await settledBefore(broker);
    return await fill(next, { from, takes, onProgress: progressText(progress) });
  };
  const result = await filled().finally(() => next.stop());
  const change = () =>
    search.swap(async (old) => {
      await old.stop();
      await replaceFolder(parts);
      const store = await createSearchStore(searchFolder);
      await store.start();
      return store;
    });
  if (pipeline) await pipeline.without(searchGroup, change);
  else await change();
  return result;
}

function progressText(progress: (line: string) => void): OnProgress {
  return ({ signal, records }) => progress(`${signal}: ${records} records so far`);
}

async function replaceFolder({ folder }: Parts): Promise<void> {
  await rm(folder.path(searchFolder), { recursive: true, force: true });
  await rename(folder.path(nextFolder), folder.path(searchFolder));
}

/**
 * What the writer applies while its rows are read may belong to a minute that was read already. It
 * is left to the search store's consumer, which goes on behind the last message taken from here.
 */
async function settledBefore(broker: Broker): Promise<(applied: AppliedMessage) => boolean> {
  const lags = await broker.lag(writerGroup);
  const ends = new Map(lags.map((lag) => [partitionName(lag), lag.committed ?? 0]));
  return ({ id, position }) => position < (ends.get(partitionName(id)) ?? 0);
}
