import { setTimeout as sleep } from 'node:timers/promises';
import { type Broker, type PartitionLag, partitionName } from '@spillway/broker';
import type { Rebuildable } from '@spillway/store';
import { writerGroup } from '@spillway/writer';
import { type FillOptions, fill, type RebuildResult } from './fill.ts';

export interface SharedRebuildOptions extends FillOptions {
  begin: NonNullable<Rebuildable['beginRebuild']>;
  broker: Broker;
  /** Called while the writer catches up: messages that it has yet to write. */
  onWaiting: (messages: number) => void;
  signal: AbortSignal;
}

const lookMs = 250;
/** A broker without positions counts what others hold by their beats, which may be this old. */
const countsAgeMs = 5_000;
const patienceMs = 600_000;

/**
 * Builds a read store that several processes share, beside the one in use. What they apply from the
 * beginning on goes to both; what they applied before is in the write store once its group has
 * passed what the broker held at the beginning. So every message comes by at least one of two ways.
 */
export async function rebuildShared(options: SharedRebuildOptions): Promise<RebuildResult> {
  const { begin, broker, from, onWaiting, signal } = options;
  const rebuild = await begin(signal);
  try {
    await writerHasPassed({ broker, begunMs: Date.now(), onWaiting, signal });
    const result = await fill(rebuild, { ...options, upTo: await from.appliedMark() });
    await rebuild.finish();
    return result;
  } catch (error) {
    await rebuild.abandon();
    throw error;
  }
}

interface WriterWait {
  broker: Broker;
  begunMs: number;
  onWaiting: (messages: number) => void;
  signal: AbortSignal;
}

async function writerHasPassed({ broker, begunMs, onWaiting, signal }: WriterWait): Promise<void> {
  if (!broker.canReplay) await sleep(countsAgeMs, undefined, { signal });
  const atBegin = await broker.lag(writerGroup);
  const ends = new Map(atBegin.map((lag) => [partitionName(lag), lag.end]));
  const passed = (lag: PartitionLag): boolean => {
    const end = ends.get(partitionName(lag)) ?? null;
    if (end !== null && lag.committed !== null) return lag.committed >= end;
    if (lag.messages === 0) return true;
    return lag.seconds !== null && Date.now() - lag.seconds * 1_000 > begunMs;
  };
  const deadline = performance.now() + patienceMs;
  for (let lags = atBegin; ; lags = await broker.lag(writerGroup)) {
    const behind = lags.filter((lag) => !passed(lag));
    if (!behind.length) return;
    const messages = behind.reduce((sum, lag) => sum + (lag.messages ?? 0), 0);
    if (performance.now() > deadline) {
      throw new Error(`the writer is ${messages} messages behind: rebuild when it has caught up`);
    }
    onWaiting(messages);
    await sleep(lookMs, undefined, { signal });
  }
}
