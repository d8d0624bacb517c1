import type { Range } from './segment/segment.ts';

/** One segment of a journal. */
export interface SegmentInfo extends Range {
  bytes: number;
  /** Time of its latest entry; 0 when it is empty. */
  latestMs: number;
  /** The last one is being written and is never deleted. */
  sealed: boolean;
}

/** Counts and sizes of a journal. */
export interface JournalStats {
  bytes: number;
  pendingBytes: number;
  segments: number;
  appended: number;
  appendedBytes: number;
  groups: number;
  syncs: number;
  refused: number;
}
