import type { Files, OpenFile } from '../files/files.ts';
import type { Place } from './run.ts';
import { pointEveryBytes, type Scan } from './scan.ts';
import { type SegmentHead, segmentHeadBytes } from './segment-head.ts';

export interface Range {
  from: number;
  /** Exclusive. */
  to: number;
}

export interface Point extends Place {
  /** The latest timestamp of the entries before it in the segment. */
  latestMs: number;
}

const resumePointsMax = 32;

export function segmentName(first: number, suffix = '.log'): string {
  return `${String(first).padStart(20, '0')}${suffix}`;
}

/** What the journal knows of one segment file, and the file open for reading. */
export class Segment {
  readonly first: number;
  /** Undefined when the head is unreadable: nothing in the segment can be read then. */
  readonly head: SegmentHead | undefined;
  path: string;
  /** After the last entry that is durable (the last one there can be, in a sealed segment). */
  end: number;
  /** Bytes of the file, up to the last durable entry. */
  bytes: number;
  latestMs = 0;
  quarantined = false;
  /** Sequences that stand in no intact entry, ascending. */
  lost: Range[] = [];
  #points: Point[];
  readonly #resume = new Map<number, number>();
  #file: Promise<OpenFile> | undefined;
  #users = 0;
  #dropped = false;

  constructor(options: { path: string; first: number; head: SegmentHead | undefined }) {
    this.path = options.path;
    this.first = options.first;
    this.head = options.head;
    this.end = options.first;
    this.bytes = segmentHeadBytes;
    this.#points = [{ sequence: this.first, offset: segmentHeadBytes, latestMs: 0 }];
  }

  /** Entries kept with a sequence of at least `from`. */
  countFrom(from: number): number {
    const start = Math.max(from, this.first);
    let count = Math.max(0, this.end - start);
    for (const range of this.lost) {
      count -= Math.max(0, Math.min(range.to, this.end) - Math.max(range.from, start));
    }
    return count;
  }

  /** The first sequence at or after `from` that can be read; `end` when there is none. */
  skipLost(from: number): number {
    let at = from;
    for (const range of this.lost) if (at >= range.from && at < range.to) at = range.to;
    return Math.min(at, this.end);
  }

  /**
   * The closest known place at or before a sequence that is not lost. (A place known exactly comes
   * without the latest timestamp before it; no walk goes on from there.)
   */
  locate(sequence: number): Point {
    const offset = this.#resume.get(sequence);
    if (offset !== undefined) return { sequence, offset, latestMs: 0 };
    return this.#points.findLast((point) => point.sequence <= sequence) as Point;
  }

  /** The last point with no entry before it as late as `timestampMs`. */
  locateTime(timestampMs: number): Point {
    const later = this.#points.findIndex((point) => point.latestMs >= timestampMs);
    return this.#points.at(later <= 0 ? later : later - 1) as Point;
  }

  /** Remembers where a sequential reader will go on. */
  resumeAt(place: Place): void {
    this.#resume.delete(place.sequence);
    this.#resume.set(place.sequence, place.offset);
    if (this.#resume.size <= resumePointsMax) return;
    this.#resume.delete(this.#resume.keys().next().value as number);
  }

  /** Remembers a place, if none near the end of the segment is known yet. */
  addPoint(point: Point): void {
    const last = this.#points.at(-1) as Point;
    if (point.offset >= last.offset + pointEveryBytes) this.#points.push(point);
  }

  /** Takes over what a scan of the whole file found. */
  learn(scan: Scan, end: number): void {
    this.#resume.clear();
    this.#points = scan.points;
    this.latestMs = Math.max(this.latestMs, scan.latestMs);
    // Entries may have been appended since the scan began.
    this.end = Math.max(this.end, end);
    this.lost = [];
    let expected = this.first;
    for (const { start, end: after } of scan.stretches) {
      if (start.sequence > expected) this.lost.push({ from: expected, to: start.sequence });
      expected = after.sequence;
    }
    if (expected < end) this.lost.push({ from: expected, to: end });
    if (this.#points.length > 0) return;
    this.#points = [{ sequence: this.first, offset: segmentHeadBytes, latestMs: 0 }];
  }

  isLost(sequence: number): boolean {
    return this.lost.some((range) => sequence >= range.from && sequence < range.to);
  }

  /** Nothing in it can be read. */
  loseAll(end: number): void {
    this.end = end;
    this.lost = end > this.first ? [{ from: this.first, to: end }] : [];
  }

  /** Runs `task` on the file, opened for reading and kept open until `drop`. */
  async use<T>(files: Files, task: (file: OpenFile) => Promise<T>): Promise<T> {
    this.#dropped = false;
    this.#users += 1;
    try {
      this.#file ??= files.open(this.path, 'read');
      return await task(await this.#file.catch((error: unknown) => this.#forget(error)));
    } finally {
      this.#users -= 1;
      await this.#closeIfUnused();
    }
  }

  /** Closes the file once it has no reader. */
  async drop(): Promise<void> {
    this.#dropped = true;
    await this.#closeIfUnused();
  }

  #forget(error: unknown): never {
    this.#file = undefined;
    throw error;
  }

  async #closeIfUnused(): Promise<void> {
    if (!this.#dropped || this.#users > 0 || this.#file === undefined) return;
    const file = this.#file;
    this.#file = undefined;
    await (await file).close();
  }
}

export function totalBytes(segments: readonly Segment[]): number {
  let bytes = 0;
  for (const segment of segments) bytes += segment.bytes;
  return bytes;
}
