import { Client, type RedisConfig } from '@spillway/redis';
import {
  type Dependencies,
  type DependencyState,
  LocalDependencies,
  waitAtMost,
} from '@spillway/resilience';
import { FleetView, type FleetViewEvent, reportField } from './fleet-view.ts';
import { type Note, type OwnNote, SharedNotes } from './shared-notes.ts';

const refreshMs = 1_000;
const stopMs = 1_000;
const documentCharsMax = 8_192;

type FailureReportsOptions = RedisConfig & {
  /** Name of this process, which no other one has. */
  name: string;
  /**
   * How long a report counts after it was last repeated; a process repeats its reports each second.
   */
  windowMs: number;
  /** Processes that must hold a dependency down before the fleet does. */
  reportersMin: number;
  /** What the other processes can read about this one, as JSON; asked each second. */
  describe?: () => unknown;
  report?: (event: FleetViewEvent) => void;
  /** Monotonic milliseconds. */
  nowMs?: () => number;
  /** Milliseconds since 1970. */
  clock?: () => number;
};

/** A running process of the fleet, as it last described itself. */
export interface FleetProcess {
  name: string;
  /** Milliseconds since 1970 by the clock of Redis. */
  startedMs: number;
  /** What its `describe` returned, as JSON; `{}` where that was longer than 8,192 characters. */
  document: unknown;
}

/**
 * Judges dependencies by what all processes report through one Redis; nothing waits for that Redis.
 */
export interface FailureReports extends Dependencies {
  /** Does not wait for a Redis that is away. */
  start(): Promise<void>;
  /** Withdraws what this process reported, and waits for that at most a second. */
  stop(): Promise<void>;
  /** Always `ok`, without Redis too, since nothing depends on it. */
  health(): { ok: boolean; detail: string };
  /** `lost` while each process judges by itself. */
  view(): 'shared' | 'lost';
  /** Lists the processes of the whole fleet, this one among them; undefined while Redis is away. */
  processes(): Promise<FleetProcess[] | undefined>;
}

/**
 * Reports to the other processes through Redis which dependencies this one holds down, and reads
 * their reports. Does no I/O before `start`.
 */
export function createFailureReports(options: FailureReportsOptions): FailureReports {
  return new RedisFailureReports(options);
}

class RedisFailureReports implements FailureReports {
  readonly #options: FailureReportsOptions;
  readonly #own: LocalDependencies;
  readonly #client: Client;
  readonly #reports: SharedNotes;
  readonly #processes: SharedNotes;
  readonly #view: FleetView;
  readonly #clock: () => number;
  readonly #nowMs: () => number;
  #startedMs = 0;
  /** Read at most once a second, however many clients ask. */
  #processesReadMs = Number.NEGATIVE_INFINITY;
  #processesRead: Promise<Note[] | undefined> | undefined;
  #exchange: Promise<void> | undefined;
  #isPending = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: FailureReportsOptions) {
    this.#options = options;
    const { name, windowMs, keyPrefix } = options;
    this.#clock = options.clock ?? Date.now;
    this.#nowMs = options.nowMs ?? (() => performance.now());
    this.#own = new LocalDependencies({ name, clock: this.#clock });
    this.#view = new FleetView(options);
    const client = new Client({ config: options, name: 'spillway-fleet' });
    this.#client = client;
    this.#reports = new SharedNotes({ client, key: `${keyPrefix}{fleet}:down`, windowMs });
    this.#processes = new SharedNotes({ client, key: `${keyPrefix}{fleet}:processes`, windowMs });
  }

  async start(): Promise<void> {
    this.#startedMs = this.#nowMs();
    this.#view.begin(this.#startedMs);
    void this.#client.connect().then(() => this.#refresh());
    this.#timer = setInterval(() => this.#refresh(), refreshMs);
  }

  async stop(): Promise<void> {
    if (this.#timer) await waitAtMost(this.#withdraw(), { ms: stopMs });
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#client.close();
  }

  health(): { ok: boolean; detail: string } {
    const trouble = this.#timer ? this.#client.trouble : new Error('not started');
    const detail = trouble ? `each process judges by itself: ${trouble.message}` : 'connected';
    return { ok: true, detail };
  }

  report(dependency: string, state: 'up' | 'down', reason?: string): void {
    const before = this.#own.own(dependency);
    this.#own.report(dependency, state, reason);
    if (before !== this.#own.own(dependency)) this.#refresh();
  }

  isDown(dependency: string): boolean {
    return this.#view.isDown(dependency, this.#nowMs());
  }

  states(): DependencyState[] {
    return this.#view.states(this.#own.states(), this.#nowMs());
  }

  view(): 'shared' | 'lost' {
    return this.#view.isKnown(this.#nowMs()) ? 'shared' : 'lost';
  }

  async processes(): Promise<FleetProcess[] | undefined> {
    if (this.view() === 'lost') return undefined;
    const nowMs = this.#nowMs();
    if (nowMs - this.#processesReadMs >= refreshMs) {
      this.#processesReadMs = nowMs;
      this.#processesRead = this.#processes.exchange([]).catch(() => undefined);
    }
    const notes = await this.#processesRead;
    return notes?.map(({ field, sinceMs, text }) => ({
      name: field,
      startedMs: sinceMs,
      document: JSON.parse(text),
    }));
  }

  /** At once, or when the call on its way has come back. */
  #refresh(): void {
    this.#reportLoss();
    this.#isPending = true;
    this.#exchange ??= this.#exchangeAll().finally(() => {
      this.#exchange = undefined;
    });
  }

  async #exchangeAll(): Promise<void> {
    while (this.#isPending && this.#timer) {
      this.#isPending = false;
      try {
        const [own, withdrawn] = this.#ownNotes();
        const [notes] = await Promise.all([
          this.#reports.exchange(own, withdrawn),
          this.#processes.publish(this.#description()),
        ]);
        this.#view.take(notes, this.#nowMs());
      } catch {
        this.#reportLoss();
      }
    }
  }

  #reportLoss(): void {
    const reason = this.#client.trouble?.message ?? 'no answer';
    this.#view.age(this.#nowMs(), reason);
  }

  /** What this process holds down, and what it does not hold down any more. */
  #ownNotes(): [OwnNote[], string[]] {
    const held: OwnNote[] = [];
    const withdrawn: string[] = [];
    for (const { dependency, reporters } of this.#own.states()) {
      const field = reportField(dependency, this.#options.name);
      const [own] = reporters;
      if (!own) withdrawn.push(field);
      else held.push({ field, ageMs: Math.max(0, this.#clock() - own.sinceMs), text: own.reason });
    }
    return [held, withdrawn];
  }

  #description(): OwnNote[] {
    const { describe, name } = this.#options;
    const text = JSON.stringify(describe?.() ?? {});
    const ageMs = this.#nowMs() - this.#startedMs;
    return [{ field: name, ageMs, text: text.length > documentCharsMax ? '{}' : text }];
  }

  async #withdraw(): Promise<void> {
    const { name } = this.#options;
    const fields = this.#own.states().map(({ dependency }) => reportField(dependency, name));
    await Promise.allSettled([
      this.#reports.publish([], fields),
      this.#processes.publish([], [name]),
    ]);
  }
}
