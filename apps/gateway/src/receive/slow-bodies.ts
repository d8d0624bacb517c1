/** A request body that is still arriving. */
export interface PendingBody {
  /** Monotonic. */
  readonly startedMs: number;
  readonly arrivedBytes: number;
  /** It came too slowly: its request is answered. */
  cut(): void;
}

export interface SlowBodiesOptions {
  bytesPerSecondMin: number;
  /** Monotonic milliseconds. */
  nowMs: () => number;
}

/** A body has so long before its rate counts. */
const graceMs = 2000;
const lookEveryMs = 500;

/** Cuts bodies that come more slowly than a rate: what they hold is held for nothing. */
export class SlowBodies {
  readonly #options: SlowBodiesOptions;
  readonly #pending = new Set<PendingBody>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: SlowBodiesOptions) {
    this.#options = options;
  }

  add(body: PendingBody): void {
    this.#pending.add(body);
    this.#timer ??= setInterval(() => this.#look(), lookEveryMs);
  }

  /** It is there, or its request is answered. */
  delete(body: PendingBody): void {
    this.#pending.delete(body);
  }

  #look(): void {
    const { bytesPerSecondMin, nowMs } = this.#options;
    const now = nowMs();
    for (const body of this.#pending) {
      const lateMs = now - body.startedMs - graceMs;
      if (lateMs > 0 && body.arrivedBytes < (lateMs / 1000) * bytesPerSecondMin) body.cut();
    }
    if (this.#pending.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
