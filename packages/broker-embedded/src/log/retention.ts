/**
 * What leaves the log, by whole segments:
 * - older than `retentionMs`, read or not; what a group had not committed is noted as expired;
 * - when the log is nearly full, the oldest that every group of the topic has committed. A topic
 *   that no group ever subscribed to stays: no group has taken its messages over;
 * - of kept topics the oldest, when a newer message has no room otherwise.
 */
import type { SegmentInfo } from '@spillway/journal';
import { messageOf } from '@spillway/resilience';
import type { EmbeddedConfig } from '../config.ts';
import type { Log, Logs } from './logs.ts';
import type { OffsetChange, Offsets } from './offsets.ts';
import type { Room } from './room.ts';

export interface RetentionOptions {
  config: EmbeddedConfig;
  logs: Logs;
  offsets: Offsets;
  room: Room;
}

/** The first segment of a log that may go. */
interface Oldest {
  log: Log;
  before: number;
  latestMs: number;
}

/** Room is made before publishes have to be refused. */
const nearlyFull = 0.75;
/** To seal less than this and delete it would make no room worth its two files. */
const unsealedBytesMin = 64 * 1024;

export class Retention {
  readonly #options: RetentionOptions;
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;
  /** Bytes of the largest message that was refused since the last look. */
  #refusedBytes = 0;
  /** One at a time. */
  #running: Promise<unknown> = Promise.resolve();

  constructor(options: RetentionOptions) {
    this.#options = options;
  }

  start(): void {
    const { retentionEveryMs } = this.#options.config;
    this.#timer = setInterval(() => void this.run(), retentionEveryMs).unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#running;
  }

  /**
   * Never rejects; calls while it waits or runs join it.
   * @param bytes of a message that had no room, however large
   */
  run(bytes = 0): Promise<void> {
    this.#refusedBytes = Math.max(this.#refusedBytes, bytes);
    this.#looking ??= this.#inTurn(() => this.#look(), undefined).finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  /** False when so many bytes do not fit into a log that is not written by clients. */
  makeRoom(log: Log, bytes: number): Promise<boolean> {
    return this.#inTurn(() => this.#makeRoom(log, bytes), false);
  }

  /** Whether so many bytes fit as it is. */
  hasRoom(log: Log, bytes: number): boolean {
    const { logs, room } = this.#options;
    const isInLog = logs.bytes() + bytes <= room.logBytesMax;
    if (log.writing !== 'kept') return isInLog;
    const keptBytes = logs.keptBytes() + bytes;
    // Also in a log that holds more than it may, since its limit was lowered.
    return keptBytes <= room.keptBytesMin || (isInLog && keptBytes <= room.keptBytesMax);
  }

  #inTurn<T>(work: () => Promise<T>, otherwise: T): Promise<T> {
    const done = this.#running.then(work).catch((error: unknown) => {
      this.#options.config.report({ type: 'retention-failed', message: messageOf(error) });
      return otherwise;
    });
    this.#running = done;
    return done;
  }

  async #look(): Promise<void> {
    const { config, logs, room } = this.#options;
    const cutoffMs = config.clock() - config.retentionMs;
    for (const log of logs.all()) await this.#expire(log, cutoffMs);
    while (logs.keptBytes() > room.keptBytesMax && (await this.#expireOldestKept()));
    const roomFor = room.clientBytesMax - this.#refusedBytes;
    this.#refusedBytes = 0;
    while (logs.bytes() > Math.min(roomFor, nearlyFull * room.clientBytesMax)) {
      if (!(await this.#deleteOldestDone())) return;
    }
  }

  async #makeRoom(log: Log, bytes: number): Promise<boolean> {
    const { logs, room } = this.#options;
    while (!this.hasRoom(log, bytes)) {
      const isFull = logs.bytes() + bytes > room.logBytesMax;
      if (isFull && (await this.#deleteOldestDone())) continue;
      if (!(await this.#expireOldestKept())) return false;
    }
    return true;
  }

  async #expire(log: Log, cutoffMs: number): Promise<void> {
    const { journal } = log;
    let before = journal.start;
    for (const { sealed, latestMs, to } of journal.segments()) {
      if (!sealed || latestMs > cutoffMs) break;
      before = to;
    }
    if (before > journal.start) await this.#expireBefore(log, before);
  }

  async #expireBefore(log: Log, before: number): Promise<void> {
    const { config, offsets } = this.#options;
    const { journal, topic, partition } = log;
    const changes = this.#offsetsOf(log)
      .filter(({ committed }) => committed < before)
      .map((offset) => {
        const messages = journal.countFrom(offset.committed) - journal.countFrom(before);
        return { ...offset, committed: before, expired: offset.expired + messages, messages };
      });
    // Noted before it is done: a crash in between deletes later, but never uncounted.
    if (changes.length > 0) await offsets.set(changes);
    for (const { group, messages } of changes) {
      if (messages > 0) config.report({ type: 'expired', group, topic, partition, messages });
    }
    await this.#delete(log, before);
  }

  /** Sealed ones first: few large messages may fill the log with segments that are not. */
  async #deleteOldestDone(): Promise<boolean> {
    const logs = this.#options.logs.all();
    const firstDone = (log: Log): SegmentInfo | undefined => {
      const segment = firstOf(log);
      const offsets = this.#offsetsOf(log);
      if (!segment || offsets.length === 0) return undefined;
      return offsets.every(({ committed }) => committed >= segment.to) ? segment : undefined;
    };
    const oldest =
      oldestOf(logs, firstDone, ({ sealed }) => sealed) ??
      oldestOf(logs, firstDone, ({ bytes }) => bytes >= unsealedBytesMin);
    if (oldest === undefined || !(await isSealed(oldest))) return false;
    await this.#delete(oldest.log, oldest.before);
    return true;
  }

  async #expireOldestKept(): Promise<boolean> {
    const kept = this.#options.logs.all().filter(({ writing }) => writing === 'kept');
    let oldest = oldestOf(kept, firstOf);
    if (oldest === undefined) {
      // What is on its way to the disk has no segment yet.
      await Promise.all(kept.map(({ journal }) => journal.seal()));
      oldest = oldestOf(kept, firstOf);
    }
    if (oldest === undefined || !(await isSealed(oldest))) return false;
    const { log, before } = oldest;
    const { journal, topic, partition } = log;
    const counted = journal.countFrom(0);
    await this.#expireBefore(log, before);
    const messages = counted - journal.countFrom(0);
    this.#options.config.report({ type: 'kept-expired', topic, partition, messages });
    return true;
  }

  async #delete({ journal, topic, partition }: Log, before: number): Promise<void> {
    const gone = journal.segments().filter(({ sealed, to }) => sealed && to <= before);
    const upToMs = Math.max(0, ...gone.map(({ latestMs }) => latestMs));
    const removed = { before: Math.max(0, ...gone.map(({ to }) => to)), upToMs };
    // A full disk may not take the note, and is what makes this deletion needed.
    await this.#options.offsets.setRemoved({ topic, partition }, removed).catch(() => undefined);
    const bytes = await journal.deleteBefore(before);
    this.#options.config.report({ type: 'deleted', topic, partition, bytes });
  }

  #offsetsOf({ topic, partition }: Log): OffsetChange[] {
    return this.#options.offsets
      .all()
      .filter((offset) => offset.topic === topic && offset.partition === partition);
  }
}

function firstOf({ journal }: Log): SegmentInfo | undefined {
  return journal.segments().find(({ from, to }) => to > from);
}

function oldestOf(
  logs: readonly Log[],
  segmentOf: (log: Log) => SegmentInfo | undefined,
  mayGo: (segment: SegmentInfo) => boolean = () => true,
): Oldest | undefined {
  let oldest: Oldest | undefined;
  for (const log of logs) {
    const segment = segmentOf(log);
    if (!segment || !mayGo(segment)) continue;
    if (oldest && oldest.latestMs <= segment.latestMs) continue;
    oldest = { log, before: segment.to, latestMs: segment.latestMs };
  }
  return oldest;
}

/** Seals it where it is not; false where the disk does not take the next segment. */
async function isSealed({ log: { journal }, before }: Oldest): Promise<boolean> {
  const hasNext = () => journal.segments().some(({ from }) => from >= before);
  if (!hasNext()) await journal.seal();
  return hasNext();
}
