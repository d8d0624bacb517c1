import type { Report } from './events.ts';
import type { Files } from './files/files.ts';
import type { Segment } from './segment/segment.ts';

/** What the writer of a journal needs. */
export interface WriterOptions {
  files: Files;
  dir: string;
  /** Shared with the reader; the writer adds to it. */
  segments: Segment[];
  /** Sequence of the next entry. */
  next: number;
  segmentBytes: number;
  bytesMax: number;
  entryBytesMax: number;
  pendingBytesMax: number;
  fsync: boolean;
  clock: () => number;
  report: Report;
  onDurable: () => void;
}
