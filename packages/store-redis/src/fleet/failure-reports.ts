import { type Dependencies, type DependencyState, LocalDependencies } from '@spillway/resilience';
import { Client } from '../client.ts';
import type { RedisConfig } from '../config.ts';
import { FleetView, type FleetViewEvent, reportField } from './fleet-view.ts';
import { type Note, type OwnNote, SharedNotes } from './shared-notes.ts';

const refreshMs = 1_000;
const stopMs = 1_000;
const documentCharsMax = 8_192;

/** Options of the reports that processes share through Redis. */
export type FailureReportsOptions = RedisConfig & {
  /** Unlike any other process. */
  name: string;
  /** A report that is not renewed counts no longer after it; it is renewed each second. */
  windowMs: number;
  /** Processes that must hold a dependency down for the fleet to do so. */
  reportersMin: number;
  /** What the other processes can read about this one, as JSON; asked each second. */
  describe?: () => unknown;
  report?: (event: FleetViewEvent) => void;
  /** Monotonic milliseconds. */
  nowMs?: () => number;
  /** Milliseconds since 1970. */
  clock?: () => number;
};

/** A process of the fleet, as its last report describes it. */
export interface FleetProcess {
  name: string;
  /** Milliseconds since 1970 by the clock of Redis. */
  startedMs: number;
  /** The description of the process. */
  document: unknown;
}

/** The dependencies of the fleet, judged by the reports of its processes. */
export interface FailureReports extends Dependencies {
  /** Does not wait for a Redis that is away. */
  start(): Promise<void>;
  /** Withdraws what this process reported, as far as that takes a second. */
  stop(): Promise<void>;
  /** Well without Redis, too: nothing depends on it. */
  health(): { ok: boolean; detail: string };
  /** `lost` while each process judges by itself. */
  view(): 'shared' | 'lost';
  /** Lists the processes of the whole fleet, with this one; undefined while Redis is away. */
  processes(): Promise<FleetProcess[] | undefined>;
}

/**
 * Reports to the other processes through Redis what this one finds down, and reads their reports.
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
  /** Asked at most once in so long, however many want to know. */
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
    if (this.#timer) await Promise.race([this.#withdraw(), sleep(stopMs)]);
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
    const kept: OwnNote[] = [];
    const withdrawn: string[] = [];
    for (const { dependency, reporters } of this.#own.states()) {
      const field = reportField(dependency, this.#options.name);
      const [own] = reporters;
      if (!own) withdrawn.push(field);
      else kept.push({ field, ageMs: Math.max(0, this.#clock() - own.sinceMs), text: own.reason });
    }
    return [kept, withdrawn];
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

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
