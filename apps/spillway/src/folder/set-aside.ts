import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Broker, partitionName, type TopicPartition } from '@spillway/broker';
import { messageOf } from '@spillway/resilience';
import type { Component, Health } from '@spillway/runtime';
import type { Sink } from '@spillway/store';
import {
  type Aside,
  type AsideNote,
  type AsideStore,
  keptReason,
  notePath,
  readAsides,
  writeNote,
} from './set-aside-notes.ts';

export type SetAsideEvent =
  /** It may be the only copy of something: a person removes it. */
  | { type: 'set-aside-kept'; path: string; message: string }
  | { type: 'set-aside-removed'; path: string; message: string }
  /** Whether it can be removed cannot be known now; the next look tries again. */
  | { type: 'set-aside-unknown'; reason: string };

/** A store of the data folder that the log can fill again. */
export interface WatchedStore extends AsideStore {
  sink: Pick<Sink, 'capabilities'>;
  /** Whose positions say how far it is filled. */
  groups: readonly string[];
  /** What these groups read. */
  topics: ReadonlySet<string>;
  /** How far back it keeps records. */
  retentionMs: number;
}

export interface SetAsideOptions {
  dataDir: string;
  broker: Broker;
  stores: readonly WatchedStore[];
  report: (event: SetAsideEvent) => void;
  clock?: () => number;
  everyMs?: number;
}

/** The first start makes both within it, however slow it is, and a restored backup likewise. */
const togetherMs = 600_000;

/** A log that was begun again does not show that it lacks something. */
async function isFirstLog(dataDir: string): Promise<boolean> {
  const madeAtMs = async (...parts: string[]) => (await stat(join(dataDir, ...parts))).mtimeMs;
  return (await madeAtMs('log', 'format')) <= (await madeAtMs('format.json')) + togetherMs;
}

type NotedAside = Aside<WatchedStore> & { note: AsideNote };

/**
 * Keeps the stores that were set aside until others have taken their place: until all is applied
 * that the log held then, from a log that reached back as far as the store did. One that the log
 * cannot make again stays until a person removes it, and is named at each start and by the audit.
 */
export class SetAside implements Component {
  readonly name = 'stores set aside';
  readonly #options: SetAsideOptions;
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> = Promise.resolve();
  #detail = 'none';

  constructor(options: SetAsideOptions) {
    this.#options = options;
  }

  /** Needs the broker; before the consumers, whose retention would move the log on. */
  async start(): Promise<void> {
    await this.#orReport(async () => {
      for (const { path, store, note } of await this.#noted()) {
        if (note.logReachesBack) continue;
        this.#options.report({ type: 'set-aside-kept', path, message: keptReason(store) });
      }
    });
    this.#timer = setInterval(() => {
      this.#looking = this.#looking.then(() => this.look());
    }, this.#options.everyMs ?? 15_000).unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#looking;
  }

  health(): Health {
    return { ok: true, detail: this.#detail };
  }

  /**
   * Removes what another store has taken the place of. Never rejects: the next look tries again.
   */
  look(): Promise<void> {
    return this.#orReport(async () => {
      let kept = 0;
      for (const aside of await this.#noted()) {
        if (await this.#isReplaced(aside)) await this.#remove(aside);
        else kept += 1;
      }
      this.#detail = kept ? `${kept} kept` : 'none';
    });
  }

  async #orReport(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      const reason = messageOf(error);
      this.#options.report({ type: 'set-aside-unknown', reason });
    }
  }

  async #noted(): Promise<NotedAside[]> {
    const { dataDir, stores } = this.#options;
    const found: NotedAside[] = [];
    for (const aside of await readAsides(dataDir, stores)) {
      const note = aside.note ?? (await this.#newNote(aside));
      found.push({ ...aside, note });
    }
    return found;
  }

  /** Judges by the topics, not by what a group has read: it may have read nothing yet. */
  async #newNote({ path, store }: Aside<WatchedStore>): Promise<AsideNote> {
    const { broker, clock = Date.now } = this.#options;
    const { missingUpToMs = () => Number.POSITIVE_INFINITY } = broker.capabilities;
    const oldestKeptMs = clock() - store.retentionMs;
    const partitions = await this.#partitions(store);
    const note: AsideNote = {
      logReachesBack: partitions.length > 0 && (await isFirstLog(this.#options.dataDir)),
      ends: {},
      expired: await this.#expired(store),
    };
    for (const at of partitions) {
      if (missingUpToMs(at) >= oldestKeptMs) note.logReachesBack = false;
      note.ends[partitionName(at)] = await broker.positionAt(at, Number.MAX_SAFE_INTEGER);
    }
    await writeNote(path, note);
    return note;
  }

  async #isReplaced({ path, store, note }: NotedAside): Promise<boolean> {
    if (!note.logReachesBack) return false;
    if ((await this.#expired(store)) > note.expired) {
      // Retention was faster than the filling.
      await writeNote(path, { ...note, logReachesBack: false });
      this.#options.report({ type: 'set-aside-kept', path, message: keptReason(store) });
      return false;
    }
    const partitions = await this.#partitions(store);
    const positions = (await store.sink.capabilities.nextPositions?.(partitions)) ?? [];
    const next = new Map(positions.map((at) => [partitionName(at), at.position]));
    return Object.entries(note.ends).every(
      ([name, end]) => end === 0 || (next.get(name) ?? 0) >= end,
    );
  }

  async #remove({ path }: Aside): Promise<void> {
    await rm(path, { recursive: true, force: true });
    await rm(notePath(path), { force: true });
    const message = 'all that it held is in the store that took its place';
    this.#options.report({ type: 'set-aside-removed', path, message });
  }

  async #partitions({ topics }: WatchedStore): Promise<TopicPartition[]> {
    const found = await this.#options.broker.topics();
    return found
      .filter(({ name }) => topics.has(name))
      .flatMap(({ name: topic, partitions }) =>
        Array.from({ length: partitions }, (_, partition) => ({ topic, partition })),
      );
  }

  async #expired({ groups }: WatchedStore): Promise<number> {
    const lags = await Promise.all(groups.map((group) => this.#options.broker.lag(group)));
    return lags.flat().reduce((sum, { expired }) => sum + expired, 0);
  }
}
