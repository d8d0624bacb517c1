import { dirname } from 'node:path';
import { messageOf } from '@spillway/resilience';
import type { Report } from '../events.ts';
import type { Files } from '../files/files.ts';
import type { Scan } from './scan.ts';
import type { Segment } from './segment.ts';
import { segmentHeadBytes } from './segment-head.ts';

export interface QuarantineOptions {
  files: Files;
  report: Report;
  /** Undefined when nothing in the segment can be read. */
  scan: Scan | undefined;
  /** False when the segment's end is only a guess. */
  entriesKnown: boolean;
}

/**
 * Renames a corrupt segment and says what it cost. Nothing is deleted: intact entries are served
 * from the renamed file until retention removes it.
 */
export async function quarantine(segment: Segment, options: QuarantineOptions): Promise<void> {
  const { files, report, scan, entriesKnown } = options;
  const before = segment.path;
  const renamed = segment.quarantined ? '' : await rename(segment, files);
  segment.quarantined = true;
  const entriesLost = entriesKnown
    ? segment.lost.reduce((sum, range) => sum + range.to - range.from, 0)
    : undefined;
  const bytesLost = lostBytes(segment, scan);
  const message =
    `${before} is corrupt: ${entriesLost ?? 'an unknown number of'} entries in ` +
    `${bytesLost} bytes are lost; the rest is served${renamed}`;
  report({ type: 'segment-quarantined', path: segment.path, entriesLost, bytesLost, message });
}

/** A rename that fails (a read-only volume) must not keep the rest from being served. */
async function rename(segment: Segment, files: Files): Promise<string> {
  const to = segment.path.replace(/\.log$/, '.quarantined');
  try {
    await files.rename(segment.path, to);
    await files.syncDir(dirname(to));
    segment.path = to;
    return ` from ${to}`;
  } catch (error) {
    return ` (it could not be renamed: ${messageOf(error)})`;
  }
}

function lostBytes(segment: Segment, scan: Scan | undefined): number {
  const stretches = scan?.stretches ?? [];
  const intact = stretches.reduce((sum, { start, end }) => sum + end.offset - start.offset, 0);
  return Math.max(0, segment.bytes - segmentHeadBytes - intact);
}
