import { type Files, nodeFiles } from '@spillway/journal';
import type { SpillReport } from './events.ts';

/** Options of a spill. */
export interface SpillOptions {
  /** Made if missing; its owner for as long as the spill is open. */
  dir: string;
  /** Name of the gateway that opens it, for whoever takes the folder over. */
  gateway: string;
  /** Bytes of the messages on the disk, with those that are done but not deleted yet. */
  bytesMax: number;
  /** Bytes of memory for what is known of the messages: some 20 bytes each. */
  indexBytesMax?: number;
  /** Bytes of the kept notes. */
  notesBytesMax?: number;
  /** Bytes of one segment: space is given back segment by segment. */
  segmentBytes?: number;
  /** Bytes of appends that wait for the disk; appends beyond are refused as 'busy'. */
  pendingBytesMax?: number;
  /** False: what is acknowledged survives kill -9, but not a power cut. */
  fsync?: boolean;
  files?: Files;
  clock?: () => number;
  report?: SpillReport;
}

export type Settings = Required<SpillOptions>;

const mib = 1024 * 1024;

export function settingsOf(options: SpillOptions): Settings {
  return {
    indexBytesMax: 64 * mib,
    notesBytesMax: 64 * mib,
    // About a thirty-second, so that little of what is done is kept.
    segmentBytes: Math.min(32 * mib, Math.max(mib, Math.floor(options.bytesMax / 32))),
    pendingBytesMax: 64 * mib,
    fsync: true,
    files: nodeFiles,
    clock: Date.now,
    report: () => {},
    ...options,
  };
}
