import { isNotFound, JournalError } from './errors.ts';
import type { Report } from './events.ts';
import type { Files } from './files/files.ts';
import type { Entry } from './segment/entry.ts';
import { entryHeaderBytes } from './segment/entry.ts';
import { clusters, type EntryPlace, readCluster } from './segment/places.ts';
import { quarantine } from './segment/quarantine.ts';
import { type Place, type Run, readRun } from './segment/run.ts';
import { pointEveryBytes, scanSegment } from './segment/scan.ts';
import type { Point, Segment } from './segment/segment.ts';

/** Entries that were read at once. */
export interface Chunk {
  /** Ascending; in one chunk of memory of at most about `bytesMax` (a larger entry comes alone). */
  entries: Entry[];
  /** Where to read on: after the last entry and after whatever was lost or skipped before it. */
  next: number;
}

export interface ReaderOptions {
  files: Files;
  segments: Segment[];
  report: Report;
}

/** Sealed segments that stay open for reading; the oldest reader of more opens its file again. */
const openSegmentsMax = 4;
/**
 * A place that stays corrupt after its segment was read again is a disk that changes its answers.
 */
const repairsMax = 3;

export class Reader {
  readonly #files: Files;
  readonly #segments: Segment[];
  readonly #report: Report;
  readonly #open: Segment[] = [];
  readonly #repairing = new Map<Segment, Promise<void>>();

  constructor({ files, segments, report }: ReaderOptions) {
    this.#files = files;
    this.#segments = segments;
    this.#report = report;
  }

  async read(from: number, { bytesMax }: { bytesMax: number }): Promise<Chunk> {
    let at = Math.max(from, this.#segments[0]?.first ?? from);
    for (let repairs = 0; repairs <= repairsMax; ) {
      const segment = this.#segments.find(({ end }) => end > at);
      if (segment === undefined) return { entries: [], next: at };
      at = segment.skipLost(Math.max(at, segment.first));
      if (at === segment.end) continue;
      repairs += 1;
      try {
        const chunk = await this.#readSegment(segment, at, bytesMax);
        if (chunk !== undefined) return chunk;
        await this.#repair(segment);
      } catch (error) {
        // Deleted or renamed in between.
        if (!isNotFound(error) || repairs > repairsMax) throw error;
      }
    }
    throw unreadable(at);
  }

  async readPlaces(places: readonly EntryPlace[]): Promise<(Entry | undefined)[]> {
    const read = clusters(places, this.#segments).map(({ segment, places: near }) =>
      segment === undefined ? near.map(() => undefined) : this.#readCluster(segment, near),
    );
    return (await Promise.all(read)).flat();
  }

  /**
   * Finds the time of the first entry kept at or after `sequence`; undefined when there is none.
   */
  async timestampOf(sequence: number): Promise<number | undefined> {
    return (await this.read(sequence, { bytesMax: 1 })).entries[0]?.timestampMs;
  }

  /** The first sequence kept that was taken at or after a time; `end` when there is none. */
  async sequenceAt(timestampMs: number): Promise<number> {
    for (const segment of [...this.#segments]) {
      if (segment.latestMs < timestampMs || segment.end === segment.first) continue;
      let at = segment.locateTime(timestampMs).sequence;
      while (at < segment.end) {
        const { entries, next } = await this.read(at, { bytesMax: pointEveryBytes });
        const found = entries.find((entry) => entry.timestampMs >= timestampMs);
        if (found !== undefined) return found.sequence;
        at = next;
      }
    }
    return this.#segments.at(-1)?.end ?? 0;
  }

  async forget(segment: Segment): Promise<void> {
    const index = this.#open.indexOf(segment);
    if (index >= 0) this.#open.splice(index, 1);
    await segment.drop();
  }

  async close(): Promise<void> {
    await Promise.all(this.#repairing.values());
    for (const segment of this.#open.splice(0)) await segment.drop();
  }

  /** Undefined when the entry at `from` is corrupt. */
  async #readSegment(segment: Segment, from: number, bytesMax: number): Promise<Chunk | undefined> {
    await this.#keepOpen(segment);
    const at = await this.#walk(segment, from);
    if (at === undefined) return undefined;
    const run = await this.#run(segment, at, bytesMax);
    if (run.entries.length === 0) return undefined;
    segment.resumeAt(run.next);
    // What a failed fsync left behind the end was never acknowledged.
    const entries = run.entries.slice(0, segment.end - from);
    return { entries, next: from + entries.length };
  }

  async #readCluster(segment: Segment, places: readonly EntryPlace[]) {
    for (let repairs = 0; repairs <= repairsMax; repairs += 1) {
      if (places.every(({ sequence }) => segment.isLost(sequence))) break;
      try {
        await this.#keepOpen(segment);
        const salt = segment.head?.salt as number;
        const entries = await segment.use(this.#files, (file) => readCluster(file, places, salt));
        const corrupt = places.some((place, i) => !entries[i] && !segment.isLost(place.sequence));
        if (!corrupt) return entries;
        await this.#repair(segment);
      } catch (error) {
        if (!isNotFound(error)) throw error;
        if (!this.#segments.includes(segment)) return places.map(() => undefined);
        if (repairs > 0 && !segment.isLost(segment.first)) this.#loseFile(segment);
      }
    }
    const odd = places.find(({ sequence }) => !segment.isLost(sequence));
    if (odd !== undefined) throw unreadable(odd.sequence);
    return places.map(() => undefined);
  }

  /** Someone removed it: what was in it is lost, and nothing more goes into it. */
  #loseFile(segment: Segment): void {
    const entriesLost = segment.countFrom(0);
    segment.loseAll(segment.end);
    segment.quarantined = true;
    const message = `${segment.path} is missing; ${entriesLost} entries are lost`;
    this.#report({ type: 'segment-missing', path: segment.path, entriesLost, message });
  }

  /** From the closest known place to that of a sequence; undefined when the way is corrupt. */
  async #walk(segment: Segment, to: number): Promise<Place | undefined> {
    let point = segment.locate(to);
    while (point.sequence < to) {
      const { entries } = await this.#run(segment, point, pointEveryBytes);
      if (entries.length === 0) return undefined;
      for (const entry of entries.slice(0, to - point.sequence)) point = pointAfter(point, entry);
      segment.addPoint(point);
    }
    return point;
  }

  #run(segment: Segment, at: Place, bytesMax: number): Promise<Run> {
    const limits = { salt: segment.head?.salt as number, size: segment.bytes, bytesMax };
    return segment.use(this.#files, (file) => readRun(file, at, limits));
  }

  async #keepOpen(segment: Segment): Promise<void> {
    const index = this.#open.indexOf(segment);
    if (index >= 0) this.#open.splice(index, 1);
    this.#open.push(segment);
    if (this.#open.length > openSegmentsMax) await this.#open.shift()?.drop();
  }

  /** Reads a corrupt segment whole, once however many readers met it, and quarantines it. */
  #repair(segment: Segment): Promise<void> {
    const running = this.#repairing.get(segment);
    if (running !== undefined) return running;
    const repair = this.#rescan(segment).finally(() => this.#repairing.delete(segment));
    this.#repairing.set(segment, repair);
    return repair;
  }

  async #rescan(segment: Segment): Promise<void> {
    const { first, end, bytes: size } = segment;
    const salt = segment.head?.salt as number;
    const scan = await segment.use(this.#files, (file) =>
      scanSegment(file, { salt, first, size, end }),
    );
    segment.learn(scan, end);
    const options = { files: this.#files, report: this.#report, scan, entriesKnown: true };
    await quarantine(segment, options);
  }
}

function unreadable(sequence: number | undefined): JournalError {
  return new JournalError('io', `Entry ${sequence} cannot be read: the disk changes its answers`);
}

function pointAfter({ sequence, offset, latestMs }: Point, entry: Entry): Point {
  return {
    sequence: sequence + 1,
    offset: offset + entryHeaderBytes + entry.payload.length,
    latestMs: Math.max(latestMs, entry.timestampMs),
  };
}
