/**
 * What leaves the log, by whole segments:
 * - older than `retentionMs`, read or not; what a group had not committed is noted as expired;
 * - when the log is nearly full, the oldest that every group of the topic has committed. A topic
 *   that no group ever subscribed to is kept: no group has taken its messages over.
 */
import { messageOf } from '@spillway/resilience';
import type { EmbeddedConfig } from '../config.ts';
import type { Log, Logs } from './logs.ts';
import type { OffsetChange, Offsets } from './offsets.ts';

export interface RetentionOptions {
  config: EmbeddedConfig;
  logs: Logs;
  offsets: Offsets;
}

/** Room is made before publishes have to be refused. */
const nearlyFull = 0.75;

export class Retention {
  readonly #options: RetentionOptions;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;

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

  /** Never rejects; calls while it runs join it. */
  run(): Promise<void> {
    this.#running ??= this.#runOnce()
      .catch((error: unknown) => {
        this.#options.config.report({ type: 'retention-failed', message: messageOf(error) });
      })
      .finally(() => {
        this.#running = undefined;
      });
    return this.#running;
  }

  async #runOnce(): Promise<void> {
    const { config, logs } = this.#options;
    const cutoffMs = config.clock() - config.retentionMs;
    for (const log of logs.all()) await this.#expire(log, cutoffMs);
    while (logs.bytes() > nearlyFull * config.logBytesMax) {
      const oldest = this.#oldestDone();
      if (oldest === undefined) return;
      await this.#delete(oldest.log, oldest.before);
    }
  }

  async #expire(log: Log, cutoffMs: number): Promise<void> {
    const { config, offsets } = this.#options;
    const { journal, topic, partition } = log;
    let before = journal.start;
    for (const { sealed, latestMs, to } of journal.segments()) {
      if (!sealed || latestMs > cutoffMs) break;
      before = to;
    }
    if (before <= journal.start) return;
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

  #oldestDone(): { log: Log; before: number } | undefined {
    let oldest: { log: Log; before: number; latestMs: number } | undefined;
    for (const log of this.#options.logs.all()) {
      const [segment] = log.journal.segments();
      const offsets = this.#offsetsOf(log);
      if (!segment?.sealed || offsets.length === 0) continue;
      const done = offsets.every(({ committed }) => committed >= segment.to);
      if (!done || (oldest && oldest.latestMs <= segment.latestMs)) continue;
      oldest = { log, before: segment.to, latestMs: segment.latestMs };
    }
    return oldest;
  }

  async #delete({ journal, topic, partition }: Log, before: number): Promise<void> {
    const gone = journal.segments().filter(({ sealed, to }) => sealed && to <= before);
    const upToMs = Math.max(0, ...gone.map(({ latestMs }) => latestMs));
    // A full disk may not take the note, and is what makes this deletion needed.
    await this.#options.offsets.setRemoved({ topic, partition }, upToMs).catch(() => undefined);
    const bytes = await journal.deleteBefore(before);
    this.#options.config.report({ type: 'deleted', topic, partition, bytes });
  }

  #offsetsOf({ topic, partition }: Log): OffsetChange[] {
    return this.#options.offsets
      .all()
      .filter((offset) => offset.topic === topic && offset.partition === partition);
  }
}
