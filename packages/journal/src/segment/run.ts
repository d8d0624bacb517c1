/** Reading intact, consecutive entries of one segment file, a bounded chunk at a time. */

import type { OpenFile } from '../files/files.ts';
import { type Entry, entryHeaderBytes, isIntact, readEntryHead } from './entry.ts';

/** The place at which an entry is expected. */
export interface Place {
  sequence: number;
  offset: number;
}

export interface RunLimits {
  salt: number;
  /** Nothing at or after this offset belongs to the segment. */
  size: number;
  /** Bytes of one chunk; a larger entry gets a chunk of its own. */
  bytesMax: number;
}

export interface Run {
  entries: Entry[];
  /** After the last entry of the run. */
  next: Place;
  /** True when what stands at `next` is not the entry with that sequence. */
  corrupt: boolean;
}

/** Reads entries from a place on: at least one, unless it is the end of the segment or corrupt. */
export async function readRun(file: OpenFile, at: Place, limits: RunLimits): Promise<Run> {
  let bytesMax = Math.max(limits.bytesMax, entryHeaderBytes);
  for (;;) {
    const wanted = Math.min(bytesMax, limits.size - at.offset);
    if (wanted <= 0) return { entries: [], next: at, corrupt: false };
    const chunk = Buffer.allocUnsafeSlow(wanted);
    const read = await file.read(chunk, at.offset);
    // A file shorter than it was known to be: what is missing is corrupt, not pending.
    const size = read < wanted ? at.offset + read : limits.size;
    const parsed = parseRun(chunk.subarray(0, read), at, { ...limits, size });
    if (parsed.entries.length > 0 || parsed.corrupt) return parsed;
    bytesMax = parsed.neededBytes;
  }
}

function parseRun(
  chunk: Buffer,
  at: Place,
  { salt, size }: RunLimits,
): Run & { neededBytes: number } {
  const entries: Entry[] = [];
  let { sequence } = at;
  let from = 0;
  let neededBytes = entryHeaderBytes;
  let corrupt = false;
  while (!corrupt) {
    const left = size - at.offset - from;
    if (left === 0) break;
    if (chunk.length - from < entryHeaderBytes) {
      corrupt = left < entryHeaderBytes;
      break;
    }
    const head = readEntryHead(chunk, from);
    neededBytes = entryHeaderBytes + (head?.payloadBytes ?? 0);
    if (head === undefined || head.sequence !== sequence || neededBytes > left) corrupt = true;
    else if (from + neededBytes > chunk.length) break;
    else if (!isIntact(chunk, from, head, salt)) corrupt = true;
    else {
      const payload = chunk.subarray(from + entryHeaderBytes, from + neededBytes);
      const offset = at.offset + from;
      entries.push({ sequence, offset, timestampMs: head.timestampMs, payload });
      from += neededBytes;
      sequence += 1;
    }
  }
  return { entries, next: { sequence, offset: at.offset + from }, corrupt, neededBytes };
}
