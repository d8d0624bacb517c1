import {
  type DependencyReporter,
  type DependencyState,
  FleetJudgement,
} from '@spillway/resilience';
import type { Note } from './shared-notes.ts';

/** A view this old is none: about two answers are missing. */
const viewAgeMaxMs = 3_000;
/** A dependency comes up for the fleet when too few held it down for a quarter of the window. */
const holdsPerWindow = 4;
const separator = '\n';

/** What an operator should know of the view of the fleet. */
export type FleetViewEvent =
  /** Until it is restored each process judges by itself. */
  | { type: 'fleet-view-lost'; reason: string }
  | { type: 'fleet-view-restored' }
  | { type: 'fleet-holds-down'; dependency: string; reporters: string[] }
  | { type: 'fleet-holds-up'; dependency: string };

export interface FleetViewOptions {
  windowMs: number;
  reportersMin: number;
  report?: (event: FleetViewEvent) => void;
}

/** How a report is named on the board: distinct for each reporter and dependency. */
export function reportField(dependency: string, reporter: string): string {
  return `${dependency}${separator}${reporter}`;
}

/** What was last read of all processes' reports, for as long as it is fresh; times are monotonic. */
export class FleetView {
  readonly #report: (event: FleetViewEvent) => void;
  readonly #judgement: FleetJudgement;
  #reporters: ReadonlyMap<string, DependencyReporter[]> = new Map();
  #down: ReadonlySet<string> = new Set();
  #readMs = Number.NEGATIVE_INFINITY;
  /** Known to be lost and reported so; at first it is only awaited. */
  #state: 'awaited' | 'known' | 'lost' = 'awaited';

  constructor({ windowMs, reportersMin, report }: FleetViewOptions) {
    this.#report = report ?? (() => undefined);
    const holdMs = windowMs / holdsPerWindow;
    this.#judgement = new FleetJudgement({ reportersMin, holdMs, windowMs });
  }

  begin(nowMs: number): void {
    this.#readMs = nowMs;
  }

  take(notes: readonly Note[], nowMs: number): void {
    this.#reporters = byDependency(notes);
    this.#readMs = nowMs;
    if (this.#state === 'lost') this.#report({ type: 'fleet-view-restored' });
    this.#state = 'known';
    const counts = new Map([...this.#reporters].map(([name, own]) => [name, own.length]));
    this.#judgement.judge(counts, nowMs);
    this.#reportTurns();
  }

  /** Reports once when what is known is too old to be trusted. */
  age(nowMs: number, reason: string): void {
    if (this.#state === 'lost' || nowMs - this.#readMs < viewAgeMaxMs) return;
    this.#state = 'lost';
    this.#reporters = new Map();
    this.#down = new Set();
    this.#judgement.clear();
    this.#report({ type: 'fleet-view-lost', reason });
  }

  isDown(dependency: string, nowMs: number): boolean {
    return this.isKnown(nowMs) && this.#judgement.isDown(dependency);
  }

  isKnown(nowMs: number): boolean {
    return this.#state === 'known' && nowMs - this.#readMs < viewAgeMaxMs;
  }

  /** States of this process, completed by what the others say. */
  states(own: readonly DependencyState[], nowMs: number): DependencyState[] {
    if (!this.isKnown(nowMs)) return [...own];
    const ownOf = new Map(own.map((state) => [state.dependency, state.own]));
    const names = new Set([...ownOf.keys(), ...this.#reporters.keys(), ...this.#down]);
    return [...names].map((dependency) => ({
      dependency,
      own: ownOf.get(dependency) ?? 'unknown',
      fleet: this.#judgement.isDown(dependency) ? 'down' : 'up',
      reporters: this.#reporters.get(dependency) ?? [],
    }));
  }

  #reportTurns(): void {
    const before = this.#down;
    const names = new Set([...before, ...this.#reporters.keys()]);
    const after = new Set([...names].filter((name) => this.#judgement.isDown(name)));
    this.#down = after;
    for (const dependency of names) {
      if (before.has(dependency) === after.has(dependency)) continue;
      const reporters = (this.#reporters.get(dependency) ?? []).map(({ name }) => name);
      this.#report(
        after.has(dependency)
          ? { type: 'fleet-holds-down', dependency, reporters }
          : { type: 'fleet-holds-up', dependency },
      );
    }
  }
}

function byDependency(notes: readonly Note[]): Map<string, DependencyReporter[]> {
  const reporters = new Map<string, DependencyReporter[]>();
  for (const { field, sinceMs, text } of notes.toSorted((a, b) => a.sinceMs - b.sinceMs)) {
    const at = field.indexOf(separator);
    const dependency = field.slice(0, at);
    const own = reporters.get(dependency) ?? [];
    own.push({ name: field.slice(at + 1), sinceMs, reason: text });
    reporters.set(dependency, own);
  }
  return reporters;
}
