import { type AppliedMessage, minuteOf, type RowCount } from '@spillway/ledger';
import { type Signal, signals } from '@spillway/otlp';
import type { DecodedMessage, StoredMessage, WriteStore } from '@spillway/store';

interface RebuildProgress {
  signal: Signal;
  records: number;
}

export type OnProgress = (progress: RebuildProgress) => void;

export interface RebuildResult {
  records: number;
  messages: number;
}

/** A read store that is being built. */
export interface FillTarget {
  apply(messages: readonly DecodedMessage[]): Promise<unknown>;
  addRetired?(counts: readonly RowCount[]): Promise<void>;
}

export interface FillOptions {
  from: WriteStore;
  /** ms since the epoch; all that the write store has when undefined. */
  fromMs?: number | undefined;
  /** A mark of the write store: what it applies later is left out. */
  upTo?: string;
  /** Messages that it answers false for are left out. */
  takes?: (applied: AppliedMessage) => boolean;
  onProgress: OnProgress;
}

const recordsPerBatch = 2_000;
const minutesKeptMax = 366 * 24 * 60;
const minutesAhead = 24 * 60;

/** Gives a read store everything that the write store has, as the messages in which it came. */
export async function fill(target: FillTarget, options: FillOptions): Promise<RebuildResult> {
  const { from, fromMs, upTo, takes, onProgress } = options;
  const result = { records: 0, messages: 0 };
  const nowMinute = minuteOf(Date.now());
  const toMinute = nowMinute + minutesAhead;
  const fromMinute = fromMs === undefined ? toMinute - minutesKeptMax : minuteOf(fromMs);
  for (const signal of signals) {
    let batch: DecodedMessage[] = [];
    let waiting = 0;
    const flush = async (): Promise<void> => {
      await target.apply(batch);
      result.messages += batch.length;
      result.records += waiting;
      batch = [];
      waiting = 0;
      onProgress({ signal, records: result.records });
    };
    for await (const message of from.readBack({ signal, fromMinute, toMinute, upTo })) {
      if (takes && !takes(message.applied)) continue;
      batch.push(asDecoded(message, signal));
      waiting += message.records.length;
      if (waiting >= recordsPerBatch) await flush();
    }
    if (batch.length) await flush();
  }
  await target.addRetired?.(await from.rowCounts({ fromMinute, toMinute }));
  return result;
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
