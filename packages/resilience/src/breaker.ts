import CircuitBreaker from 'opossum';

/** The states of a circuit breaker. */
export const breakerStates = ['closed', 'half-open', 'open'] as const;

/**
 * The state of a circuit breaker: `closed` lets every call through, `open` none, and `half-open`
 * one at a time, whose outcome closes or opens it.
 */
export type BreakerState = (typeof breakerStates)[number];

/** A change of state of a breaker. */
export type BreakerEvent = {
  type: 'breaker-opened' | 'breaker-half-open' | 'breaker-closed';
  breaker: string;
};

/** Options of a circuit breaker. */
export interface BreakerOptions {
  /** In events, e.g. `broker traces`. */
  name: string;
  /** It opens when more than this share of the calls within the window failed. */
  failuresPercentMax: number;
  /** Calls within the window, below which it stays closed. */
  callsMin: number;
  windowMs: number;
  /** It opens after so many failures in a row, too, however many calls went well before them. */
  failuresInRowMax?: number | undefined;
  /** Milliseconds after it opened until one call may try: its outcome closes or opens it again. */
  resetMs: number;
  report?: ((event: BreakerEvent) => void) | undefined;
}

/** Counts and state of a breaker. */
export interface BreakerStats {
  state: BreakerState;
  calls: number;
  failures: number;
  /** Not even tried, since it was open. */
  rejected: number;
  opened: number;
}

/** How the outcome of a call is judged, and what a call gets while the breaker is open. */
export interface Verdict<T> {
  failed: (outcome: T) => boolean;
  /** What a call gets that is not even tried. */
  whenOpen: () => T;
}

/**
 * Spares a dependency that fails (opossum inside). Outcomes are values: the caller says which of
 * them are failures. What throws is a failure, too, and thrown on. Calls are not timed here.
 */
export class Breaker {
  readonly name: string;
  readonly #circuit: CircuitBreaker<[() => Promise<unknown>], unknown>;
  readonly #report: (event: BreakerEvent) => void;
  readonly #failuresInRowMax: number;
  #failuresInRow = 0;
  #calls = 0;
  #failures = 0;
  #rejected = 0;
  #opened = 0;

  constructor(options: BreakerOptions) {
    this.name = options.name;
    this.#report = options.report ?? (() => {});
    this.#failuresInRowMax = options.failuresInRowMax ?? Number.POSITIVE_INFINITY;
    this.#circuit = new CircuitBreaker((call: () => Promise<unknown>) => call(), {
      name: options.name,
      timeout: false,
      errorThresholdPercentage: options.failuresPercentMax,
      volumeThreshold: options.callsMin,
      rollingCountTimeout: options.windowMs,
      resetTimeout: options.resetMs,
      rollingPercentilesEnabled: false,
      enableSnapshots: false,
    });
    this.#circuit.on('open', () => {
      this.#opened += 1;
      this.#announce('breaker-opened');
    });
    this.#circuit.on('halfOpen', () => this.#announce('breaker-half-open'));
    this.#circuit.on('close', () => this.#announce('breaker-closed'));
  }

  get state(): BreakerState {
    if (this.#circuit.opened) return 'open';
    return this.#circuit.halfOpen ? 'half-open' : 'closed';
  }

  /** Whether a call would be tried: closed, or half-open and no call is trying yet. */
  get admits(): boolean {
    return this.#circuit.closed || this.#circuit.pendingClose;
  }

  async run<T>(call: () => Promise<T>, { failed, whenOpen }: Verdict<T>): Promise<T> {
    if (!this.admits) {
      this.#rejected += 1;
      return whenOpen();
    }
    this.#calls += 1;
    try {
      const outcome = await this.#circuit.fire(async () => {
        const result = await call();
        if (failed(result)) throw new Failure(result);
        return result;
      });
      this.#failuresInRow = 0;
      return outcome as T;
    } catch (error) {
      this.#failures += 1;
      this.#failuresInRow += 1;
      if (this.#failuresInRow >= this.#failuresInRowMax) this.#circuit.open();
      if (error instanceof Failure) return error.outcome as T;
      throw error;
    }
  }

  stats(): BreakerStats {
    return {
      state: this.state,
      calls: this.#calls,
      failures: this.#failures,
      rejected: this.#rejected,
      opened: this.#opened,
    };
  }

  /** Ends its timers; it admits nothing any more. */
  stop(): void {
    this.#circuit.shutdown();
  }

  #announce(type: BreakerEvent['type']): void {
    this.#report({ type, breaker: this.name });
  }
}

/** Carries an outcome through opossum, which knows failures as errors alone. */
class Failure extends Error {
  readonly outcome: unknown;

  constructor(outcome: unknown) {
    super('failed');
    this.outcome = outcome;
  }
}
