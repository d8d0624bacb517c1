/** Options of the judgement about dependencies of a fleet. */
export interface FleetJudgementOptions {
  /** Processes that must hold a dependency down. */
  reportersMin: number;
  /** It stays down for at least this long after too few hold it. */
  holdMs: number;
  /** Going down again within it after a recovery doubles the hold, up to this. */
  windowMs: number;
}

interface Judged {
  isDown: boolean;
  /** When too few began to hold it down; undefined while enough do. */
  quietSinceMs: number | undefined;
  recoveredMs: number;
  holdMs: number;
}

/**
 * Judges from the reports of single processes what is down for the fleet. It goes down at once, and
 * up when too few have held it for a while without a break, so that a breaker that flaps, or a
 * Redis that came back empty, does not make the whole fleet flap.
 */
export class FleetJudgement {
  readonly #options: FleetJudgementOptions;
  readonly #judged = new Map<string, Judged>();

  constructor(options: FleetJudgementOptions) {
    this.#options = options;
  }

  /** Distinct reporters by dependency at a time on any clock that only grows. */
  judge(reporters: ReadonlyMap<string, number>, nowMs: number): void {
    for (const name of new Set([...reporters.keys(), ...this.#judged.keys()])) {
      const isHeld = (reporters.get(name) ?? 0) >= this.#options.reportersMin;
      const before = this.#judged.get(name);
      const after = isHeld ? this.#held(before, nowMs) : this.#quiet(before, nowMs);
      if (after) this.#judged.set(name, after);
      else this.#judged.delete(name);
    }
  }

  isDown(dependency: string): boolean {
    return this.#judged.get(dependency)?.isDown ?? false;
  }

  /** Nothing is known any more. */
  clear(): void {
    this.#judged.clear();
  }

  #held(before: Judged | undefined, nowMs: number): Judged {
    const { holdMs, windowMs } = this.#options;
    if (before?.isDown) return { ...before, quietSinceMs: undefined };
    const isFlapping = before !== undefined && nowMs - before.recoveredMs < windowMs;
    return {
      isDown: true,
      quietSinceMs: undefined,
      recoveredMs: 0,
      holdMs: isFlapping ? Math.min(windowMs, 2 * before.holdMs) : holdMs,
    };
  }

  #quiet(before: Judged | undefined, nowMs: number): Judged | undefined {
    if (!before) return undefined;
    if (!before.isDown) {
      return nowMs - before.recoveredMs < this.#options.windowMs ? before : undefined;
    }
    const quietSinceMs = before.quietSinceMs ?? nowMs;
    if (nowMs - quietSinceMs < before.holdMs) return { ...before, quietSinceMs };
    return { ...before, isDown: false, quietSinceMs, recoveredMs: nowMs };
  }
}
