import { sleep } from '@spillway/resilience';

export interface DrainRateLimiterOptions {
  /** Beside what arrives. */
  surplusBytesPerSecond: number;
  /** Monotonic milliseconds. */
  nowMs: () => number;
}

/**
 * Lets the drain run at the rate of arrival plus a surplus, so that a broker that has just come back
 * is not met by everything that waited for it, and the backlog yet shrinks.
 */
export class DrainRateLimiter {
  readonly #options: DrainRateLimiterOptions;
  #bytes: number;
  #atMs: number;

  constructor(options: DrainRateLimiterOptions) {
    this.#options = options;
    this.#bytes = options.surplusBytesPerSecond;
    this.#atMs = options.nowMs();
  }

  /** Adds bytes that were spilled. What is not used within about a second is forgotten. */
  spilled(bytes: number): void {
    this.#bytes = Math.min(this.#bytes + bytes, 2 * this.#options.surplusBytesPerSecond);
  }

  /** Resolves when the bytes may leave, or at the signal. Large messages leave on credit. */
  async take(bytes: number, abort: AbortSignal): Promise<void> {
    for (;;) {
      this.#earn();
      if (this.#bytes > 0 || abort.aborted) break;
      await sleep((-this.#bytes / this.#options.surplusBytesPerSecond) * 1000 + 1, abort);
    }
    this.#bytes -= bytes;
  }

  #earn(): void {
    const { surplusBytesPerSecond, nowMs } = this.#options;
    const earned = ((nowMs() - this.#atMs) / 1000) * surplusBytesPerSecond;
    this.#atMs = nowMs();
    const most = Math.max(this.#bytes, surplusBytesPerSecond);
    this.#bytes = Math.min(this.#bytes + earned, most);
  }
}
