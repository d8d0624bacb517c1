/** Reading a whole segment: what is intact in it, and what is not. */

import type { OpenFile } from '../files/files.ts';
import { entryHeaderBytes, entryMagic, isIntact, readEntryHead } from './entry.ts';
import { type Place, readRun } from './run.ts';
import { segmentHeadBytes } from './segment-head.ts';

export interface IntactRange {
  /** Place of the first entry. */
  start: Place;
  /** After the last entry. */
  end: Place;
}

export interface Scan {
  /** Intact, consecutive entries; more than one stretch, or a late first one, means loss. */
  stretches: IntactRange[];
  latestMs: number;
  /** Points to begin reading at, about one a `pointEveryBytes`. */
  points: (Place & { latestMs: number })[];
}

export interface ScanLimits {
  salt: number;
  first: number;
  /** The file's size. */
  size: number;
  /** Entries from this sequence on are not part of the log (Infinity when it is not known). */
  end: number;
}

export const pointEveryBytes = 256 * 1024;
const chunkBytes = 1024 * 1024;
/** While looking for the next intact entry, so that hostile payloads cannot make it quadratic. */
const searchBudgetFactor = 8;

export async function scanSegment(file: OpenFile, limits: ScanLimits): Promise<Scan> {
  const scan: Scan = { stretches: [], latestMs: 0, points: [] };
  let at: Place | undefined = { sequence: limits.first, offset: segmentHeadBytes };
  while (at !== undefined && at.sequence < limits.end) {
    const end = await scanStretch(file, at, { ...limits, scan });
    if (end.offset >= limits.size || end.sequence >= limits.end) break;
    at = await findIntact(file, end, limits);
  }
  return scan;
}

async function scanStretch(
  file: OpenFile,
  start: Place,
  { scan, ...limits }: ScanLimits & { scan: Scan },
): Promise<Place> {
  let at = start;
  let pointAt = start.offset;
  for (;;) {
    const run = await readRun(file, at, { ...limits, bytesMax: chunkBytes });
    const entries = run.entries.filter((entry) => entry.sequence < limits.end);
    let { offset } = at;
    for (const entry of entries) {
      if (offset >= pointAt) {
        scan.points.push({ sequence: entry.sequence, offset, latestMs: scan.latestMs });
        pointAt = offset + pointEveryBytes;
      }
      scan.latestMs = Math.max(scan.latestMs, entry.timestampMs);
      offset += entryHeaderBytes + entry.payload.length;
    }
    const ended = entries.length < run.entries.length || run.corrupt || entries.length === 0;
    at = { sequence: at.sequence + entries.length, offset };
    if (ended) break;
  }
  if (at.sequence > start.sequence) scan.stretches.push({ start, end: at });
  return at;
}

/** The next intact entry after a corrupt place, whose sequence can be later than the one there. */
async function findIntact(
  file: OpenFile,
  after: Place,
  limits: ScanLimits,
): Promise<Place | undefined> {
  const magic = Buffer.alloc(4);
  magic.writeUInt32LE(entryMagic);
  const budget = { bytes: searchBudgetFactor * limits.size };
  let offset = after.offset + 1;
  while (offset + entryHeaderBytes <= limits.size && budget.bytes > 0) {
    const chunk = Buffer.allocUnsafe(Math.min(chunkBytes, limits.size - offset));
    const bytes = chunk.subarray(0, await file.read(chunk, offset));
    for (let hit = bytes.indexOf(magic); hit >= 0; hit = bytes.indexOf(magic, hit + 1)) {
      const at = await checkEntry(file, { offset: offset + hit, after, limits, budget });
      if (at !== undefined) return at;
    }
    if (bytes.length < chunk.length) break;
    // The magic may lie across two chunks.
    offset += Math.max(1, chunk.length - magic.length + 1);
  }
  return undefined;
}

interface Candidate {
  offset: number;
  after: Place;
  limits: ScanLimits;
  budget: { bytes: number };
}

async function checkEntry(
  file: OpenFile,
  { offset, after, limits, budget }: Candidate,
): Promise<Place | undefined> {
  if (offset + entryHeaderBytes > limits.size || budget.bytes <= 0) return undefined;
  const head = Buffer.allocUnsafe(entryHeaderBytes);
  if ((await file.read(head, offset)) < entryHeaderBytes) return undefined;
  const found = readEntryHead(head, 0);
  const bytes = entryHeaderBytes + (found?.payloadBytes ?? 0);
  budget.bytes -= entryHeaderBytes;
  if (found === undefined || offset + bytes > limits.size) return undefined;
  // An entry takes at least its header: more of them than fit cannot have stood in between.
  const latest = after.sequence + Math.ceil(limits.size / entryHeaderBytes);
  if (found.sequence < after.sequence || found.sequence > latest) return undefined;
  if (found.sequence >= limits.end) return undefined;
  budget.bytes -= bytes;
  const whole = Buffer.allocUnsafe(bytes);
  if ((await file.read(whole, offset)) < bytes) return undefined;
  if (!isIntact(whole, 0, found, limits.salt)) return undefined;
  return { sequence: found.sequence, offset };
}
