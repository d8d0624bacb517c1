/** Reading entries whose places are known, so that what stands between them need not be read. */

import type { OpenFile } from '../files/files.ts';
import { type Entry, entryHeaderBytes, isIntact, readEntryHead } from './entry.ts';
import type { Segment } from './segment.ts';

/** The place of an entry, from an append or an earlier read. */
export interface EntryPlace {
  sequence: number;
  offset: number;
  payloadBytes: number;
}

export interface Cluster {
  /** Undefined when it was deleted. */
  segment: Segment | undefined;
  places: EntryPlace[];
}

/** Reading over a smaller gap is cheaper than another read. */
export const gapBytesMax = 4096;
const clusterBytesMax = 1024 * 1024;

/** Neighbours that one read fetches; in the order of `places`. */
export function clusters(places: readonly EntryPlace[], segments: readonly Segment[]): Cluster[] {
  const found: Cluster[] = [];
  let last: Cluster | undefined;
  for (const place of places) {
    const segment =
      last?.segment && holds(last.segment, place)
        ? last.segment
        : segments.find((candidate) => holds(candidate, place));
    if (last === undefined || last.segment !== segment || !isNear(last.places, place)) {
      last = { segment, places: [] };
      found.push(last);
    }
    last.places.push(place);
  }
  return found;
}

/** One entry per place; undefined where another one, or none, stands there. */
export async function readCluster(
  file: OpenFile,
  places: readonly EntryPlace[],
  salt: number,
): Promise<(Entry | undefined)[]> {
  const from = places[0]?.offset ?? 0;
  const to = endOf(places.at(-1));
  const chunk = Buffer.allocUnsafeSlow(to - from);
  const bytes = chunk.subarray(0, await file.read(chunk, from));
  return places.map((place) => parseAt(bytes, place, { from, salt }));
}

function parseAt(
  bytes: Buffer,
  { sequence, offset, payloadBytes }: EntryPlace,
  { from, salt }: { from: number; salt: number },
): Entry | undefined {
  const at = offset - from;
  const end = at + entryHeaderBytes + payloadBytes;
  if (end > bytes.length) return undefined;
  const head = readEntryHead(bytes, at);
  if (head?.sequence !== sequence || head.payloadBytes !== payloadBytes) return undefined;
  if (!isIntact(bytes, at, head, salt)) return undefined;
  const payload = bytes.subarray(at + entryHeaderBytes, end);
  return { sequence, offset, timestampMs: head.timestampMs, payload };
}

function holds({ first, end }: Segment, { sequence }: EntryPlace): boolean {
  return sequence >= first && sequence < end;
}

function isNear(places: readonly EntryPlace[], { offset, payloadBytes }: EntryPlace): boolean {
  const gap = offset - endOf(places.at(-1));
  const bytes = offset + entryHeaderBytes + payloadBytes - (places[0]?.offset ?? offset);
  return gap >= 0 && gap <= gapBytesMax && bytes <= clusterBytesMax;
}

function endOf(place: EntryPlace | undefined): number {
  return place === undefined ? 0 : place.offset + entryHeaderBytes + place.payloadBytes;
}
