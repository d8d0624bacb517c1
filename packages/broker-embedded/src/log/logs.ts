/** The journals of all partitions: `topics/<topic>/<partition>` under the broker's folder. */
import { join } from 'node:path';
import type { TopicPartition, TopicSpec } from '@spillway/broker';
import { type FolderLock, type Journal, openJournal } from '@spillway/journal';
import type { EmbeddedConfig } from '../config.ts';
import type { Offsets } from './offsets.ts';
import { type Writing, writingOf } from './room.ts';

export interface Log extends TopicPartition {
  journal: Journal;
  writing: Writing;
}

const segmentBytesMin = 64 * 1024;
const pendingBytesMin = 64 * 1024 * 1024;
/** Opened or closed at once: each needs the thread pool for its files. */
const atOnce = 8;

export class Logs {
  readonly #config: EmbeddedConfig;
  readonly #lock: FolderLock;
  readonly #offsets: Offsets;
  readonly #logs = new Map<string, Log>();
  readonly #writings = new Map<string, Writing>();

  constructor(options: { config: EmbeddedConfig; lock: FolderLock; offsets: Offsets }) {
    this.#config = options.config;
    this.#lock = options.lock;
    this.#offsets = options.offsets;
  }

  all(): Log[] {
    return [...this.#logs.values()];
  }

  get({ topic, partition }: TopicPartition): Log | undefined {
    return this.#logs.get(`${topic}/${partition}`);
  }

  bytes(): number {
    let bytes = 0;
    for (const { journal } of this.#logs.values()) bytes += journal.bytes;
    return bytes;
  }

  keptBytes(): number {
    let bytes = 0;
    for (const { journal, writing } of this.#logs.values()) {
      if (writing === 'kept') bytes += journal.bytes;
    }
    return bytes;
  }

  /** Who writes them, from now on; of a topic that was never described, clients. */
  describe(topics: readonly TopicSpec[]): void {
    for (const topic of topics) this.#writings.set(topic.name, writingOf(topic));
    for (const log of this.#logs.values()) log.writing = this.#writingOf(log.topic);
  }

  #writingOf(topic: string): Writing {
    return this.#writings.get(topic) ?? 'client';
  }

  /** Opens what is not open yet. */
  async open(partitions: readonly TopicPartition[]): Promise<void> {
    const missing = partitions.filter((partition) => this.get(partition) === undefined);
    const total = this.#logs.size + missing.length;
    const { files, dir } = this.#config;
    const topics = new Set(missing.map(({ topic }) => topic));
    if (topics.size > 0) await files.mkdir(join(dir, 'topics'));
    for (const topic of topics) await files.mkdir(join(dir, 'topics', topic));
    for (let from = 0; from < missing.length; from += atOnce) {
      await Promise.all(missing.slice(from, from + atOnce).map((at) => this.#open(at, total)));
    }
  }

  async close(): Promise<void> {
    const logs = this.all();
    this.#logs.clear();
    const closed = await Promise.allSettled(logs.map(({ journal }) => journal.close()));
    const failure = closed.find((result) => result.status === 'rejected');
    if (failure !== undefined) throw failure.reason;
  }

  async #open(at: TopicPartition, total: number): Promise<void> {
    const { dir, files, fsync, clock, report, logBytesMax, messageBytesMax } = this.#config;
    const committed = this.#offsets
      .all()
      .filter(({ topic, partition }) => topic === at.topic && partition === at.partition);
    const journal = await openJournal({
      files,
      fsync,
      clock,
      report,
      lock: this.#lock,
      dir: join(dir, 'topics', at.topic, String(at.partition)),
      bytesMax: logBytesMax,
      // The segments being written cannot be deleted: they must not fill the log among themselves.
      segmentBytes: Math.min(
        this.#config.segmentBytes,
        Math.max(segmentBytesMin, Math.floor(logBytesMax / (4 * total))),
      ),
      entryBytesMax: messageBytesMax,
      pendingBytesMax: Math.max(pendingBytesMin, 2 * messageBytesMax),
      nextAtLeast: Math.max(0, ...committed.map((offset) => offset.committed)),
    });
    this.#logs.set(`${at.topic}/${at.partition}`, {
      ...at,
      journal,
      writing: this.#writingOf(at.topic),
    });
  }
}
