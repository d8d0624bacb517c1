import { type Broker, type PartitionLag, partitionName } from '@spillway/broker';
import { sleep } from '@spillway/resilience';
import type { StoreCapabilities } from '@spillway/store';
import { writerSink } from '@spillway/writer';
import { type FillOptions, fill, type RebuildResult } from './fill.ts';

export interface SharedRebuildOptions extends FillOptions {
  begin: NonNullable<StoreCapabilities['beginRebuild']>;
  broker: Broker;
  /** Called while the writer catches up: messages that it has yet to write. */
  onWaiting: (messages: number) => void;
  abort: AbortSignal;
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
  const { begin, broker, from, onWaiting, abort } = options;
  const rebuild = await begin(abort);
  try {
    await writerHasPassed({ broker, begunMs: Date.now(), onWaiting, abort });
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
  abort: AbortSignal;
}

async function writerHasPassed({ broker, begunMs, onWaiting, abort }: WriterWait): Promise<void> {
  if (!broker.capabilities.canReplay) await sleep(countsAgeMs, abort);
  abort.throwIfAborted();
  const atBegin = await broker.lag(writerSink.group);
  const ends = new Map(atBegin.map((lag) => [partitionName(lag), lag.end]));
  const passed = (lag: PartitionLag): boolean => {
    const end = ends.get(partitionName(lag)) ?? null;
    if (end !== null && lag.committed !== null) return lag.committed >= end;
    if (lag.messages === 0) return true;
    return lag.seconds !== null && Date.now() - lag.seconds * 1_000 > begunMs;
  };
  const deadline = performance.now() + patienceMs;
  for (let lags = atBegin; ; lags = await broker.lag(writerSink.group)) {
    const behind = lags.filter((lag) => !passed(lag));
    if (!behind.length) return;
    const messages = behind.reduce((sum, lag) => sum + (lag.messages ?? 0), 0);
    if (performance.now() > deadline) {
      throw new Error(`the writer is ${messages} messages behind: rebuild when it has caught up`);
    }
    onWaiting(messages);
    await sleep(lookMs, abort);
    abort.throwIfAborted();
  }
}
