import { messageOf, waitAtMost, withTimeout } from '@spillway/resilience';
import type { Broker, PartitionLag } from './broker.ts';

/** A consumer group, and the topics that it reads. */
export interface GroupTopics {
  group: string;
  topics: readonly string[];
}

/** Options of the shared reading of lag. */
export interface LagBoardOptions {
  broker: Pick<Broker, 'lag' | 'groups'>;
  /** Groups that are shown also when they have never started. */
  groups: readonly GroupTopics[];
  /** Monotonic milliseconds. */
  nowMs?: () => number;
}

/** What is known of one group. */
export interface GroupLag {
  group: string;
  /**
   * Partitions as they were last read, also when a reading has failed since; undefined when they
   * never were.
   */
  partitions: readonly PartitionLag[] | undefined;
  /** How long ago that reading began, in milliseconds; 0 when there was none. */
  ageMs: number;
  /** Why they could not be read the last time; undefined when they could. */
  error: string | undefined;
}

/** One reading of the lag of all groups. */
export interface LagReading {
  groups: readonly GroupLag[];
  /** Why it is not known whether there are other groups; undefined when it is. */
  error: string | undefined;
}

/** However many clients ask, the broker is asked once within this time. */
const keepMs = 1_000;
/** How long a reading may keep its callers waiting; then they get what is known. */
const answerMs = 500;
/** A reading that takes longer has failed. */
const readMs = 10_000;
/** What is older is not shown any more: it says too little about now. */
const staleMs = 60_000;
/** Groups of others come and go seldom. */
const groupsKeepMs = 10_000;
const groupsMax = 100;

/**
 * The lag of all groups, read from the broker at most once a second for all who ask, and answered
 * within half a second whatever the broker does: then with the last reading, its age and the error.
 */
export class LagBoard {
  readonly #options: Required<LagBoardOptions>;
  readonly #own: ReadonlyMap<string, Reading<PartitionLag[]>>;
  readonly #others = new Map<string, Reading<PartitionLag[]>>();
  readonly #names: Reading<string[]>;

  constructor(options: LagBoardOptions) {
    const nowMs = options.nowMs ?? (() => performance.now());
    this.#options = { ...options, nowMs };
    const { broker, groups } = options;
    this.#own = new Map(
      groups.map(({ group, topics }) => {
        const read = () => broker.lag(group, topics);
        return [group, new Reading({ read, keepMs, nowMs })];
      }),
    );
    const read = () => broker.groups();
    this.#names = new Reading({ read, keepMs: groupsKeepMs, nowMs });
  }

  /**
   * Reads the lag of every group that is configured, then of every other one that the broker knows.
   */
  async read(): Promise<LagReading> {
    const own = [...this.#own.values()].map((reading) => reading.refresh());
    const late = AbortSignal.timeout(answerMs);
    await waitAtMost(this.#names.refresh(), { abort: late });
    this.#learn(this.#names.value ?? []);
    const others = [...this.#others.values()].map((reading) => reading.refresh());
    await waitAtMost(Promise.all([...own, ...others]), { abort: late });
    const readings = [...this.#own, ...this.#others];
    return {
      groups: readings.map(([group, { value: partitions, ageMs, error }]) => {
        return { group, partitions, ageMs, error };
      }),
      error: this.#names.error,
    };
  }

  #learn(names: readonly string[]): void {
    const { broker, nowMs } = this.#options;
    const known = new Set(names);
    for (const name of this.#others.keys()) if (!known.has(name)) this.#others.delete(name);
    for (const name of names) {
      if (this.#own.has(name) || this.#others.has(name)) continue;
      if (this.#others.size >= groupsMax) return;
      this.#others.set(name, new Reading({ read: () => broker.lag(name), keepMs, nowMs }));
    }
  }
}

interface ReadingOptions<T> {
  read: () => Promise<T>;
  keepMs: number;
  nowMs: () => number;
}

/** One question to the broker, with its last answer. Its age counts from when it was asked. */
class Reading<T> {
  readonly #options: ReadingOptions<T>;
  #value: T | undefined;
  #readAtMs = 0;
  #triedAtMs = Number.NEGATIVE_INFINITY;
  #running: Promise<unknown> | undefined;
  #error: string | undefined = 'not read yet';

  constructor(options: ReadingOptions<T>) {
    this.#options = options;
  }

  get value(): T | undefined {
    return this.ageMs < staleMs ? this.#value : undefined;
  }

  get ageMs(): number {
    return this.#value === undefined ? 0 : this.#options.nowMs() - this.#readAtMs;
  }

  get error(): string | undefined {
    return this.#error;
  }

  /**
   * Resolves when it is not older than `keepMs`, could not be read, or takes longer than
   * `answerMs`: then it goes on, and no caller that asks meanwhile waits for it.
   */
  async refresh(): Promise<void> {
    const { keepMs: keptMs, nowMs } = this.#options;
    if (!this.#running && nowMs() - this.#triedAtMs >= keptMs) {
      this.#triedAtMs = nowMs();
      const reading = this.#read().finally(() => {
        this.#running = undefined;
      });
      this.#running = waitAtMost(reading, { ms: answerMs });
    }
    await this.#running;
  }

  async #read(): Promise<void> {
    const { read, nowMs } = this.#options;
    const beganMs = nowMs();
    try {
      this.#value = await withTimeout(read(), readMs, 'The reading');
      this.#readAtMs = beganMs;
      this.#error = undefined;
    } catch (error) {
      this.#error = messageOf(error);
    }
  }
}
