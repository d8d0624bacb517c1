/**
 * Group commit: whatever waits while one group is written and synced forms the next group, so that
 * a thousand appends share one write and one fdatasync.
 */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { messageOf } from '@spillway/resilience';
import { isNoSpace } from './errors.ts';
import type { OpenFile } from './files/files.ts';
import { type AppendOutcome, refused } from './outcome.ts';
import { entryHeaderBytes } from './segment/entry.ts';
import { encodeGroup, type Payload, type Payloads, payloadBytes } from './segment/payload.ts';
import { Segment, segmentName, totalBytes } from './segment/segment.ts';
import { encodeSegmentHead, segmentHeadBytes } from './segment/segment-head.ts';
import type { WriterOptions } from './writer-options.ts';

interface Append extends Payloads {
  bytes: number;
  resolve: (outcome: AppendOutcome) => void;
}

/** Larger groups gain nothing and hold their callers longer. */
const groupBytesMax = 8 * 1024 * 1024;

export class Writer {
  readonly #options: WriterOptions;
  readonly #queue: Append[] = [];
  #next: number;
  #file: OpenFile | undefined;
  #pendingBytes = 0;
  #flushing: Promise<void> | undefined;
  #closed = false;
  #retired = false;
  readonly counts = { appended: 0, bytes: 0, groups: 0, syncs: 0, refused: 0 };

  constructor(options: WriterOptions) {
    this.#options = options;
    this.#next = options.next;
  }

  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  /** The sequence that the next durable entry gets, once nothing is pending. */
  get next(): number {
    return this.#next;
  }

  append(payloads: readonly Payload[]): Promise<AppendOutcome> {
    const sizes = payloads.map((payload) => entryHeaderBytes + payloadBytes(payload));
    const bytes = sizes.reduce((sum, size) => sum + size, 0);
    const refusal = this.#refusal(Math.max(...sizes), bytes);
    if (refusal !== undefined) {
      this.counts.refused += 1;
      return Promise.resolve(refusal);
    }
    this.#pendingBytes += bytes;
    return new Promise((resolve) => {
      this.#queue.push({ payloads, bytes, resolve });
      this.#flushing ??= this.#flush();
    });
  }

  /** Never rejects: where the disk fails, the next append reports it. */
  async seal(): Promise<void> {
    while (this.#flushing !== undefined) await this.#flushing;
    const last = this.#options.segments.at(-1);
    if (this.#closed || last === undefined || last.end === last.first) return;
    const goOn = () => this.#flush();
    this.#flushing = this.#roll().then(goOn, goOn);
    await this.#flushing;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#flushing;
    await this.#closeFile();
  }

  #refusal(entryBytes: number, bytes: number): AppendOutcome | undefined {
    const { bytesMax, pendingBytesMax, dir } = this.#options;
    const entryBytesMax = this.#options.entryBytesMax + entryHeaderBytes;
    if (this.#closed) return refused('closed', `The journal ${dir} is closed`);
    if (entryBytes > entryBytesMax || bytes > Math.min(pendingBytesMax, bytesMax)) {
      const limit = Math.min(entryBytesMax, pendingBytesMax, bytesMax);
      return refused('too-large', `${bytes} bytes; at most ${limit} are taken at once`);
    }
    if (this.#pendingBytes + bytes > pendingBytesMax) {
      return refused('busy', `${this.#pendingBytes} bytes are waiting for the disk`);
    }
    if (totalBytes(this.#options.segments) + this.#pendingBytes + bytes > bytesMax) {
      return refused('full', `${dir} has reached its limit of ${bytesMax} bytes`);
    }
    return undefined;
  }

  async #flush(): Promise<void> {
    // Appends of the same turn of the event loop share the first group.
    await undefined;
    while (this.#queue.length > 0) {
      const group = this.#takeGroup();
      const outcomes = await this.#writeGroup(group);
      for (const [index, { bytes, resolve }] of group.entries()) {
        this.#pendingBytes -= bytes;
        resolve(outcomes[index] as AppendOutcome);
      }
    }
    this.#flushing = undefined;
  }

  #takeGroup(): Append[] {
    let bytes = 0;
    let count = 0;
    for (const append of this.#queue) {
      if (count > 0 && bytes + append.bytes > groupBytesMax) break;
      bytes += append.bytes;
      count += 1;
    }
    return this.#queue.splice(0, count);
  }

  /** One outcome per append. Never rejects. */
  async #writeGroup(group: readonly Append[]): Promise<AppendOutcome[]> {
    const bytes = group.reduce((sum, append) => sum + append.bytes, 0);
    let step: 'roll' | 'write' | 'sync' = 'roll';
    try {
      const { file, segment } = await this.#room(bytes);
      const timestampMs = this.#options.clock();
      const parts = encodeGroup(group, { segment, timestampMs });
      step = 'write';
      await file.write(parts, segment.bytes);
      step = 'sync';
      await this.#sync(file);
      return this.#commit(group, segment, timestampMs);
    } catch (error) {
      const outcome = await this.#recoverFrom(error, step, group);
      this.counts.refused += group.length;
      return group.map(() => outcome);
    }
  }

  async #room(bytes: number): Promise<{ file: OpenFile; segment: Segment }> {
    const { segments, segmentBytes, files } = this.#options;
    const last = segments.at(-1);
    const usable = last !== undefined && last.end === this.#next && !last.quarantined;
    const fits = usable && (last.bytes + bytes <= segmentBytes || last.end === last.first);
    if (!fits || this.#retired) return this.#roll();
    this.#file ??= await files.open(last.path, 'write');
    return { file: this.#file, segment: last };
  }

  async #roll(): Promise<{ file: OpenFile; segment: Segment }> {
    const { files, dir, segments } = this.#options;
    await this.#closeFile();
    const previous = segments.at(-1);
    // An emptied segment keeps its name: the new one must have another.
    if (previous?.first === this.#next) this.#next += 1;
    const head = { salt: randomBytes(4).readUInt32LE(), first: this.#next, previous };
    const path = join(dir, segmentName(this.#next));
    const file = await files.open(path, 'create');
    try {
      await file.write([encodeSegmentHead(head)], 0);
      await this.#sync(file);
      await files.syncDir(dir);
    } catch (error) {
      await Promise.allSettled([file.close(), files.unlink(path)]);
      // The file may be there after a crash, and its head says where the segment before ends: that
      // one must not grow any more, and the next attempt needs another name.
      this.#retired = true;
      this.#next += 1;
      throw error;
    }
    const segment = new Segment({ path, first: this.#next, head });
    segments.push(segment);
    this.#file = file;
    this.#retired = false;
    return { file, segment };
  }

  async #sync(file: OpenFile): Promise<void> {
    if (!this.#options.fsync) return;
    this.counts.syncs += 1;
    await file.sync();
  }

  async #closeFile(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }

  #commit(group: readonly Append[], segment: Segment, timestampMs: number): AppendOutcome[] {
    const outcomes: AppendOutcome[] = [];
    const { latestMs } = segment;
    for (const { payloads, bytes } of group) {
      outcomes.push({ status: 'durable', sequence: this.#next, offset: segment.bytes });
      segment.addPoint({ sequence: this.#next, offset: segment.bytes, latestMs });
      segment.bytes += bytes;
      this.#next += payloads.length;
      this.counts.appended += payloads.length;
      this.counts.bytes += bytes;
    }
    segment.latestMs = Math.max(latestMs, timestampMs);
    segment.end = this.#next;
    this.counts.groups += 1;
    this.#options.onDurable();
    return outcomes;
  }

  /** Brings the log back to what was acknowledged. */
  async #recoverFrom(
    error: unknown,
    step: 'roll' | 'write' | 'sync',
    group: readonly Append[],
  ): Promise<AppendOutcome> {
    const noSpace = isNoSpace(error);
    const message = messageOf(error);
    this.#options.report({ type: 'write-failed', path: this.#options.dir, noSpace, message });
    const code = noSpace ? 'disk-full' : 'io';
    if (step === 'roll') return refused(code, message);
    const cut = await this.#cutTail({ sync: step === 'write' });
    if (step === 'write' && noSpace && cut) return refused(code, message);
    // After a failed fsync the kernel may have dropped the pages and call the next one a success:
    // the file is never synced again. The next segment's head says where this one ends, so once
    // that is durable, nothing after it can come back.
    this.#retired = true;
    this.#next += group.reduce((sum, { payloads }) => sum + payloads.length, 0);
    try {
      await this.#roll();
      return refused(code, message);
    } catch {
      return { status: 'unknown', message };
    }
  }

  async #cutTail({ sync }: { sync: boolean }): Promise<boolean> {
    const last = this.#options.segments.at(-1);
    try {
      await this.#file?.truncate(last?.bytes ?? segmentHeadBytes);
      if (this.#file !== undefined && sync) await this.#sync(this.#file);
      return true;
    } catch {
      return false;
    }
  }
}
