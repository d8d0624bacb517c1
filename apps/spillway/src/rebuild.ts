import { rename, rm } from 'node:fs/promises';
import { type Broker, partitionName } from '@spillway/broker';
import { type Signal, signals } from '@spillway/otlp';
import { searchGroup } from '@spillway/projector';
import type { AppliedMessage, DecodedMessage, SearchStore, StoredMessage } from '@spillway/store';
import { writerGroup } from '@spillway/writer';
import { searchFolder } from './data-folder.ts';
import type { Parts } from './parts.ts';

export interface RebuildProgress {
  signal: Signal;
  records: number;
}

export interface RebuildResult {
  records: number;
  messages: number;
}

export type OnProgress = (progress: RebuildProgress) => void;

const recordsPerBatch = 2_000;
const minutesKeptMax = 366 * 24 * 60;
const nextFolder = 'search.next';

const rebuilding = new WeakSet<Parts>();

/**
 * Builds the search store anew from the write store, beside the one in use, and switches over.
 * What the consumer applies meanwhile it reads again: the new store's own positions say from where.
 */
export async function rebuildSearch(parts: Parts, onProgress: OnProgress): Promise<RebuildResult> {
  if (rebuilding.has(parts)) throw new Error('the search store is being rebuilt already');
  rebuilding.add(parts);
  try {
    return await rebuild(parts, onProgress);
  } finally {
    rebuilding.delete(parts);
  }
}

async function rebuild(parts: Parts, onProgress: OnProgress): Promise<RebuildResult> {
  const { folder, createSearchStore, search, pipeline } = parts;
  await rm(folder.path(nextFolder), { recursive: true, force: true });
  const next = createSearchStore(nextFolder);
  await next.start();
  const result = await fill(next, parts, onProgress).finally(() => next.stop());
  const change = () =>
    search.swap(async (old) => {
      await old.stop();
      await replaceFolder(parts);
      const store = createSearchStore(searchFolder);
      await store.start();
      return store;
    });
  if (pipeline) await pipeline.without(searchGroup, change);
  else await change();
  return result;
}

async function replaceFolder({ folder }: Parts): Promise<void> {
  await rm(folder.path(searchFolder), { recursive: true, force: true });
  await rename(folder.path(nextFolder), folder.path(searchFolder));
}

async function fill(
  store: SearchStore,
  { broker, writeStore: from }: Parts,
  onProgress: OnProgress,
): Promise<RebuildResult> {
  const result = { records: 0, messages: 0 };
  const isSettled = await settledBefore(broker);
  const toMinute = Math.floor(Date.now() / 60_000) + 24 * 60;
  for (const signal of signals) {
    const range = { signal, fromMinute: toMinute - minutesKeptMax, toMinute };
    let batch: DecodedMessage[] = [];
    let waiting = 0;
    const flush = async (): Promise<void> => {
      await store.apply(batch);
      result.messages += batch.length;
      result.records += waiting;
      batch = [];
      waiting = 0;
      onProgress({ signal, records: result.records });
    };
    for await (const message of from.readBack(range)) {
      if (!isSettled(message.applied)) continue;
      batch.push(asDecoded(message, signal));
      waiting += message.records.length;
      if (waiting >= recordsPerBatch) await flush();
    }
    if (batch.length) await flush();
  }
  await store.addRetired(await from.rowCounts({ fromMinute: toMinute - minutesKeptMax, toMinute }));
  return result;
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

function asDecoded(
  { applied, receivedMs, records }: StoredMessage,
  signal: Signal,
): DecodedMessage {
  return {
    envelope: {
      id: applied.id,
      foreign: applied.foreign,
      tenant: applied.tenant,
      records: applied.records,
      receivedMs,
      traceparent: undefined,
      onlyGroup: undefined,
      ordinals: undefined,
    },
    signal,
    position: applied.position,
    records,
    broken: [],
    earlier: applied,
  };
}
