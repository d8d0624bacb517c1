import { join } from 'node:path';
import { JournalError } from './errors.ts';
import type { Report } from './events.ts';
import { type Files, nodeFiles } from './files/files.ts';
import type { FolderLock } from './files/lock.ts';
import { checkFormat, writeFormat } from './format.ts';
import type { JournalStats, SegmentInfo } from './journal-stats.ts';
import type { AppendOutcome } from './outcome.ts';
import { openPositions, type Positions } from './positions.ts';
import { type Chunk, Reader } from './reader.ts';
import { recover } from './recover.ts';
import type { Entry } from './segment/entry.ts';
import type { Payload } from './segment/payload.ts';
import type { EntryPlace } from './segment/places.ts';
import { type Segment, totalBytes } from './segment/segment.ts';
import { Writer } from './writer.ts';

/** Options of a journal. */
export interface JournalOptions {
  dir: string;
  /** Bytes of all segments together; appends beyond are refused as 'full'. */
  bytesMax: number;
  /** Bytes of one segment; a larger group gets one of its own. At most a quarter of `bytesMax`. */
  segmentBytes?: number;
  /** Bytes of one entry's payload. */
  entryBytesMax?: number;
  /** Bytes of appends that wait for the disk; appends beyond are refused as 'busy'. */
  pendingBytesMax?: number;
  /** False: what is acknowledged survives kill -9, but not a power cut. */
  fsync?: boolean;
  /** The first new entry gets at least this sequence: one after the highest ever seen elsewhere. */
  nextAtLeast?: number;
  /**
   * Lock of this folder or one above it, where the caller holds it already; it stays the caller's.
   */
  lock?: FolderLock;
  files?: Files;
  clock?: () => number;
  report?: Report;
}

const format = { name: 'spillway-journal', version: 1 };
const mib = 1024 * 1024;

/**
 * Takes the folder (made if missing), cuts a torn tail, and serves what is there.
 * Throws JournalError 'locked', 'newer-version', 'not-a-journal' (having changed nothing) or an
 * error of the operating system.
 */
export async function openJournal(options: JournalOptions): Promise<Journal> {
  const { dir, files = nodeFiles, report = () => {}, fsync = true } = options;
  const segmentBytes = Math.min(options.segmentBytes ?? 64 * mib, Math.floor(options.bytesMax / 4));
  const known = await checkFormat(files, dir, format);
  await files.mkdir(dir);
  const lock = options.lock ?? files.lock(dir);
  const release = options.lock === undefined ? () => lock.release() : () => {};
  try {
    if (!known) await writeFormat(files, dir, format);
    const { segments, next } = await recover({ files, dir, segmentBytes, report });
    const positions = await openPositions({ files, path: join(dir, 'positions'), fsync, report });
    const seen = Math.max(0, ...[...positions.entries()].map(([, sequence]) => sequence));
    if (seen > next) reportMissing(dir, seen - next, report);
    return new Journal({
      dir,
      files,
      report,
      fsync,
      segmentBytes,
      segments,
      positions,
      release,
      next: Math.max(next, seen, options.nextAtLeast ?? 0),
      bytesMax: options.bytesMax,
      entryBytesMax: options.entryBytesMax ?? 32 * mib,
      pendingBytesMax: options.pendingBytesMax ?? 64 * mib,
      clock: options.clock ?? Date.now,
    });
  } catch (error) {
    release();
    throw error;
  }
}

/** Readers were further than the last entry that is left: what stood in between is gone. */
function reportMissing(dir: string, entriesLost: number, report: Report): void {
  const message = `The newest segments of ${dir} are missing; at least ${entriesLost} entries are lost`;
  report({ type: 'segment-missing', path: dir, entriesLost, message });
}

interface Opened extends Required<Omit<JournalOptions, 'lock' | 'nextAtLeast'>> {
  segments: Segment[];
  next: number;
  positions: Positions;
  release: () => void;
}

/** An append-only log on a folder. Sequences grow by 1, save for gaps where entries were lost. */
export class Journal {
  /** Saved positions of readers, durable. */
  readonly positions: Positions;
  readonly #segments: Segment[];
  readonly #writer: Writer;
  readonly #reader: Reader;
  readonly #opened: Opened;
  readonly #waiting = new Set<() => void>();
  #closing: Promise<void> | undefined;

  /** Use `openJournal`. */
  constructor(opened: Opened) {
    this.#opened = opened;
    this.#segments = opened.segments;
    this.positions = opened.positions;
    this.#reader = new Reader(opened);
    this.#writer = new Writer({ ...opened, onDurable: () => this.#wake() });
  }

  /** The first sequence kept. */
  get start(): number {
    return this.#segments.find(({ end, first }) => end > first)?.first ?? this.end;
  }

  /** The sequence of the next entry; readers see what is durable, which is all before it. */
  get end(): number {
    return this.#writer.next;
  }

  /** What counts against `bytesMax`: the segments, and what waits for the disk. */
  get bytes(): number {
    return totalBytes(this.#segments) + this.#writer.pendingBytes;
  }

  /** Resolves when the entry is durable, or refused. `parts` must not change until then. */
  append(parts: Payload): Promise<AppendOutcome> {
    return this.#writer.append([parts]);
  }

  /** The entries stand one after the other; durable or refused together. Never empty. */
  appendBatch(payloads: readonly Payload[]): Promise<AppendOutcome> {
    return this.#writer.append(payloads);
  }

  /** Durable entries from a sequence on. Corrupt ones are skipped, quarantined and reported. */
  read(from: number, limits: { bytesMax: number }): Promise<Chunk> {
    return this.#reader.read(from, limits);
  }

  /** Entries by their places, whatever stands between them; undefined for those that are lost. */
  readPlaces(places: readonly EntryPlace[]): Promise<(Entry | undefined)[]> {
    return this.#reader.readPlaces(places);
  }

  /** True when an entry of that sequence was kept, and no intact one stands there any more. */
  isLost(sequence: number): boolean {
    return this.#segments.some((segment) => segment.isLost(sequence));
  }

  /** Resolves when an entry at or after `sequence` is durable; rejects with the signal's reason. */
  waitFor(sequence: number, abort: AbortSignal): Promise<void> {
    const isClosed = `The journal ${this.#opened.dir} is closed`;
    return new Promise((resolve, reject) => {
      const settle = () => {
        const readable = (this.#segments.at(-1)?.end ?? 0) > sequence;
        if (!readable && !abort.aborted && !this.#closing) return;
        this.#waiting.delete(settle);
        abort.removeEventListener('abort', settle);
        if (readable) resolve();
        else reject(abort.aborted ? abort.reason : new JournalError('closed', isClosed));
      };
      this.#waiting.add(settle);
      abort.addEventListener('abort', settle);
      settle();
    });
  }

  /** The first sequence kept that was taken at or after a time; `end` when there is none. */
  sequenceAt(timestampMs: number): Promise<number> {
    return this.#reader.sequenceAt(timestampMs);
  }

  /** When the first entry kept at or after `sequence` was taken; undefined when there is none. */
  timestampOf(sequence: number): Promise<number | undefined> {
    return this.#reader.timestampOf(sequence);
  }

  /** Entries kept at or after `from`, without what was lost. */
  countFrom(from: number): number {
    return this.#segments.reduce((sum, segment) => sum + segment.countFrom(from), 0);
  }

  segments(): SegmentInfo[] {
    return this.#segments.map(({ first, end, bytes, latestMs }, index) => ({
      from: first,
      to: end,
      bytes,
      latestMs,
      sealed: index < this.#segments.length - 1,
    }));
  }

  /** Seals the newest segment, so that it can be deleted; not when the disk takes no other. */
  seal(): Promise<void> {
    return this.#writer.seal();
  }

  /** Deletes the sealed segments whose entries all stand before `sequence`; says their bytes. */
  async deleteBefore(sequence: number): Promise<number> {
    const { files, dir } = this.#opened;
    let bytes = 0;
    for (;;) {
      const [oldest, after] = this.#segments;
      if (oldest === undefined || after === undefined || oldest.end > sequence) return bytes;
      // Oldest first, each made durable: after a crash there is no hole.
      this.#segments.shift();
      await files.unlink(oldest.path);
      await files.syncDir(dir);
      await this.#reader.forget(oldest);
      bytes += oldest.bytes;
    }
  }

  stats(): JournalStats {
    const { counts, pendingBytes } = this.#writer;
    const { appended, bytes: appendedBytes, groups, syncs, refused } = counts;
    const bytes = totalBytes(this.#segments);
    const segments = this.#segments.length;
    return { bytes, pendingBytes, segments, appended, appendedBytes, groups, syncs, refused };
  }

  /** Writes what is pending, then gives the folder up. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    try {
      await this.#writer.close();
      await this.positions.close();
      await this.#reader.close();
    } finally {
      this.#opened.release();
      this.#wake();
    }
  }

  #wake(): void {
    for (const settle of [...this.#waiting]) settle();
  }
}
