/**
 * What this process and the fleet think of the servers they rely on. Dependencies are few and named
 * by the code: 'broker', 'write-store', 'search-store', 'live-store'.
 */
export interface Dependencies {
  /** Own judgement, e.g. of a breaker that opened or closed. Never throws or waits. */
  report(dependency: string, state: 'up' | 'down', reason?: string): void;
  /**
   * True while enough reporters hold it down within the window. False while the fleet's view is
   * unknown: then each process trusts its own breaker.
   */
  isDown(dependency: string): boolean;
  states(): DependencyState[];
}

/** Whether a dependency is up, and who reports it as down. */
export interface DependencyState {
  dependency: string;
  /** 'unknown' where this process does not use it. */
  own: 'up' | 'down' | 'unknown';
  /** 'unknown' without a shared view. */
  fleet: 'up' | 'down' | 'unknown';
  /** Who holds it down, the longest first. */
  reporters: DependencyReporter[];
}

/** A process that reports a dependency as down. */
export interface DependencyReporter {
  name: string;
  /** Milliseconds since 1970. */
  sinceMs: number;
  reason: string;
}

/** Dependencies that one process may name; more would be a mistake in the code. */
const dependenciesMax = 32;
const reasonCharsMax = 200;

/** What one process found out by itself: a process that relies on no other needs nothing more. */
export class LocalDependencies implements Dependencies {
  readonly #name: string;
  readonly #clock: () => number;
  /** Undefined while it is up. */
  readonly #own = new Map<string, { sinceMs: number; reason: string } | undefined>();

  constructor({ name, clock = Date.now }: { name: string; clock?: () => number }) {
    this.#name = name;
    this.#clock = clock;
  }

  report(dependency: string, state: 'up' | 'down', reason = ''): void {
    if (!this.#own.has(dependency) && this.#own.size >= dependenciesMax) return;
    if (state === 'up') this.#own.set(dependency, undefined);
    else {
      const sinceMs = this.#own.get(dependency)?.sinceMs ?? this.#clock();
      this.#own.set(dependency, { sinceMs, reason: reason.slice(0, reasonCharsMax) });
    }
  }

  isDown(): boolean {
    return false;
  }

  own(dependency: string): DependencyState['own'] {
    if (!this.#own.has(dependency)) return 'unknown';
    return this.#own.get(dependency) ? 'down' : 'up';
  }

  states(): DependencyState[] {
    return [...this.#own].map(([dependency, down]) => ({
      dependency,
      own: this.own(dependency),
      fleet: 'unknown',
      reporters: down ? [{ name: this.#name, ...down }] : [],
    }));
  }
}
