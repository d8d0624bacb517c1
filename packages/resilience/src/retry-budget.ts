/** Options of a bound on retries. */
export interface RetryBudgetOptions {
  /** Retries that each first attempt pays for, e.g. 0.1: at most one call more in ten. */
  ratio: number;
  /** Saved up at most, and there at the beginning. */
  tokensMax: number;
}

/**
 * Bounds retries by a share of the work, so that a dependency that fails all calls is not asked
 * several times as often as one that is well. (Finagle's retry budget, without its clock.)
 */
export class RetryBudget {
  readonly #options: RetryBudgetOptions;
  #tokens: number;
  #refused = 0;

  constructor(options: RetryBudgetOptions) {
    this.#options = options;
    this.#tokens = options.tokensMax;
  }

  get tokens(): number {
    return this.#tokens;
  }

  /** Retries that were not paid for. */
  get refused(): number {
    return this.#refused;
  }

  /** A first attempt. */
  earn(): void {
    this.#tokens = Math.min(this.#options.tokensMax, this.#tokens + this.#options.ratio);
  }

  /** True when a retry is paid for. */
  spend(): boolean {
    if (this.#tokens < 1) {
      this.#refused += 1;
      return false;
    }
    this.#tokens -= 1;
    return true;
  }
}
